"""Estimators in other processes: joblib's own workers, and a local cluster of Dask; results are those of one process."""

import joblib
import numpy as np
import pytest
from distributed import Client, LocalCluster
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV

from planaria import SelfTargetClassifier

X, Y = load_digits(return_X_y=True)
X = (X[:400] / 16).astype(np.float32)
Y = np.where(np.arange(400) % 2 == 0, Y[:400], -1)


def search(**how):
    c = SelfTargetClassifier(layers=(60,), epochs=2, random_state=1, n_jobs=1)
    return GridSearchCV(c, {"winners": [1, 3]}, cv=2, **how).fit(X, Y)


@pytest.fixture(scope="module")
def alone():
    return search()


def test_two_workers_of_joblib(alone):
    found = search(n_jobs=2)
    assert np.array_equal(found.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"])
    assert np.array_equal(found.transform(X), alone.transform(X))


def test_a_cluster_of_two_workers(alone):
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        assert len(client.scheduler_info()["workers"]) == 2
        with joblib.parallel_backend("dask"):
            found = search(n_jobs=2)
    assert np.array_equal(found.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"])
    assert np.array_equal(found.predict_proba(X), alone.predict_proba(X))
