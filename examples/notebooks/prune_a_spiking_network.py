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
# # Pruning a spiking network: what it costs, and what it saves
#
# A spiking network is trained, then pruned to less and less of its weights, with a few more epochs each time. Synaptic operations, an
# addition for each spike and weight that it meets, are what a neuromorphic chip spends energy on.

# %%
import matplotlib.pyplot as plt
import numpy as np
import planaria
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = (X * 15.9375).astype(np.uint8).reshape(-1, 8, 8)
train, test = slice(0, 1200), slice(1200, None)

preset = "spiking/mlp-a-mnist"
settings = {"network": "FC100-FC10", "spiking.normalise": True, "train.batch": 32, "train.epochs": 10}
dense = planaria.train(preset, X[train], y[train], set=settings)

# %%
rows = []
for sparsity in (0, 0.5, 0.8, 0.9, 0.95, 0.98):
    model = planaria.prune(preset, X[train], y[train], sparsity, start=dense, epochs=5, set=settings) if sparsity else dense
    accuracy = (model.predict(X[test]) == y[test]).mean()
    operations = sum(layer["sops"] for layer in model.activity(X[test]))
    rows.append((model.density, accuracy, operations))
    print(f"{model.density:6.1%} of the weights: accuracy {accuracy:.3f}, {operations:7.0f} operations an image")

# %%
density, accuracy, operations = np.array(rows).T
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
left.semilogx(density, accuracy, "o-")
left.set(xlabel="share of the weights", ylabel="accuracy")
right.semilogx(operations, accuracy, "o-")
right.set(xlabel="synaptic operations an image", ylabel="accuracy")
figure.savefig("trade-off.png")
