# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # MNIST without labels, in twenty lines
#
# A network of one layer sets its own target: the units that answer most to a digit are to answer more, all others less. No label is looked
# at. A hundred labels then say which digit each unit stands for.

# %%
import numpy as np
import planaria
from sklearn.datasets import fetch_openml

images, digits = fetch_openml("mnist_784", version=1, return_X_y=True, as_frame=False)
X, y = images.astype(np.uint8), digits.astype(int)
train, test = slice(0, -10000), slice(-10000, None)

network = planaria.SelfTargetClassifier(layers=(500,), epochs=10, random_state=1, verbose=True)
network.fit(X[train])
print(f"{network.n_iter_} epochs, {network.transform(X[:1]).shape[1]} units")

# %% [markdown]
# Labels come in afterwards: `partial_fit` would train further, so a new network of the same seed is fitted with few labels. Its weights are the
# same to the bit, since labels take no part in its training.

# %%
few = np.full(len(y[train]), -1)
chosen = np.concatenate([np.flatnonzero(y[train] == digit)[:10] for digit in range(10)])
few[chosen] = y[train][chosen]

named = planaria.SelfTargetClassifier(layers=(500,), epochs=10, random_state=1).fit(X[train], few)
assert np.array_equal(named.transform(X[test]), network.transform(X[test]))
print(f"accuracy with 100 labels: {named.score(X[test], y[test]):.3f}")
