"""Data for all tests: the handwritten digits that scikit-learn has, 8 x 8, as bytes and as floats."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

# Label-free, small and quick: 64-60 on the digits.
QUICK = {"layers.1.dense": 60, "train.epochs": 3, "evaluate.at": [], "evaluate.fractions": [], "classifier.epochs": 2, "train.rate": [4]}


@pytest.fixture(scope="session")
def digits():
    X, y = load_digits(return_X_y=True)
    return (X * 15.9375).astype(np.uint8)[:600], y[:600]


@pytest.fixture(scope="session")
def floats(digits):
    return digits[0].astype(np.float32) / 255


@pytest.fixture
def quick():
    return dict(QUICK)
