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
# # Few labels on one's own images
#
# A folder `pictures` holds a folder of images for each class, and `pictures/unlabelled` those that nobody has sorted yet. The network
# learns from all of them, and sorts the rest.

# %%
from pathlib import Path

import numpy as np
import planaria
from PIL import Image

SIDE = 16
files = sorted(Path("pictures").glob("*/*.png"))
X = np.stack([np.asarray(Image.open(file).convert("L").resize((SIDE, SIDE))) for file in files]).reshape(len(files), -1)
y = np.array([file.parent.name if file.parent.name != "unlabelled" else -1 for file in files], dtype=object)
known = y != -1
print(f"{len(files)} pictures, {known.sum()} of them with a label: {', '.join(sorted(set(y[known])))}")

# %% [markdown]
# A fifth of the labelled pictures is kept for measuring.

# %%
kept = np.flatnonzero(known)[::5]
shown = y.copy()
shown[kept] = -1

network = planaria.FewLabelsClassifier(layers=(300,), epochs=20, random_state=1)
network.fit(X, shown)
print(f"accuracy on {len(kept)} pictures: {network.score(X[kept], y[kept]):.3f}")

# %% [markdown]
# What it takes the unsorted pictures for, the surest first.

# %%
shares = network.predict_proba(X[~known])
said = network.predict(X[~known])
for i in np.argsort(-shares.max(axis=1))[:10]:
    print(f"{np.array(files)[~known][i]}: {said[i]} ({shares[i].max():.2f})")
