"""Networks as estimators of scikit-learn."""

from ._estimators import (EXPECTED_FAILED_CHECKS, EquilibriumClassifier, FewLabelsClassifier, SelfTargetClassifier, SelfTargetTransformer,
                          SpikingClassifier)

__all__ = ["EXPECTED_FAILED_CHECKS", "EquilibriumClassifier", "FewLabelsClassifier", "SelfTargetClassifier", "SelfTargetTransformer",
           "SpikingClassifier"]
