# Made by tests/stub.py from the library's tables of options; do not change by hand.
from typing import Any, Literal, Mapping, Optional, Sequence, Union

from numpy.random import RandomState
from sklearn.base import BaseEstimator

from ._core import Array
from ._model import Model

EXPECTED_FAILED_CHECKS: dict[str, str]

class EquilibriumClassifier(BaseEstimator):  # type: ignore[misc]
    model_: Model
    n_features_in_: int
    classes_: Array
    n_iter_: int
    layers: Sequence[Union[int, Mapping[str, Any]]]
    dropout: Union[float, Sequence[float]]
    random_state: Union[int, RandomState, None]
    n_jobs: Optional[int]
    verbose: bool
    epochs: int
    batch: int
    shards: int
    loss: Literal['mse', 'cross_entropy', 'cross_entropy_steps']
    optimiser: Literal['sgd', 'adam']
    rate: Union[float, Sequence[float]]
    freeze: int
    schedule: Optional[Mapping[str, Any]]
    output_dropout: float
    label_smoothing: float
    relaxation: Literal['euler', 'block']
    steps: int
    nudged_steps: int
    dt: float
    tolerance: float
    beta: float
    symmetric: bool
    def __init__(
        self,
        *,
        layers: Sequence[Union[int, Mapping[str, Any]]] = (512,),
        dropout: Union[float, Sequence[float]] = 0.15,
        random_state: Union[int, RandomState, None] = None,
        n_jobs: Optional[int] = None,
        verbose: bool = False,
        epochs: int = 20,
        batch: int = 128,
        shards: int = 1,
        loss: Literal['mse', 'cross_entropy', 'cross_entropy_steps'] = 'mse',
        optimiser: Literal['sgd', 'adam'] = 'sgd',
        rate: Union[float, Sequence[float]] = 0.1,
        freeze: int = 0,
        schedule: Optional[Mapping[str, Any]] = None,
        output_dropout: float = 0.0,
        label_smoothing: float = 0.3,
        relaxation: Literal['euler', 'block'] = 'block',
        steps: int = 30,
        nudged_steps: int = 30,
        dt: float = 0.0,
        tolerance: float = 0.0001,
        beta: float = 0.45,
        symmetric: bool = False,
    ) -> None: ...
    def fit(self, X: Any, y: Any = None) -> EquilibriumClassifier: ...
    def partial_fit(self, X: Any, y: Any = None, classes: Any = None) -> EquilibriumClassifier: ...
    def predict(self, X: Any) -> Array: ...
    def predict_proba(self, X: Any) -> Array: ...
    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float: ...

class FewLabelsClassifier(BaseEstimator):  # type: ignore[misc]
    model_: Model
    n_features_in_: int
    classes_: Array
    n_iter_: int
    layers: Sequence[Union[int, Mapping[str, Any]]]
    dropout: Union[float, Sequence[float]]
    activation: str
    semi: Optional[Mapping[str, Any]]
    random_state: Union[int, RandomState, None]
    n_jobs: Optional[int]
    verbose: bool
    epochs: int
    batch: int
    shards: int
    loss: Literal['mse', 'cross_entropy', 'cross_entropy_steps']
    optimiser: Literal['sgd', 'adam']
    rate: Union[float, Sequence[float]]
    schedule: Optional[Mapping[str, Any]]
    winners: int
    gamma: float
    eta: float
    smoothing: float
    output_dropout: float
    sequential: bool
    label_smoothing: float
    momentum: float
    weight_decay: float
    clip: float
    def __init__(
        self,
        *,
        layers: Sequence[Union[int, Mapping[str, Any]]] = (2000,),
        dropout: Union[float, Sequence[float]] = (0.128, 0.595),
        activation: str = 'relu',
        semi: Optional[Mapping[str, Any]] = None,
        random_state: Union[int, RandomState, None] = None,
        n_jobs: Optional[int] = None,
        verbose: bool = False,
        epochs: int = 30,
        batch: int = 128,
        shards: int = 1,
        loss: Literal['mse', 'cross_entropy', 'cross_entropy_steps'] = 'cross_entropy',
        optimiser: Literal['sgd', 'adam'] = 'adam',
        rate: Union[float, Sequence[float]] = (0.000352, 0.00491),
        schedule: Optional[Mapping[str, Any]] = None,
        winners: int = 1,
        gamma: float = 0.0791,
        eta: float = 0.0,
        smoothing: float = 0.116,
        output_dropout: float = 0.0,
        sequential: bool = False,
        label_smoothing: float = 0.136,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        clip: float = 0.0,
    ) -> None: ...
    def fit(self, X: Any, y: Any = None) -> FewLabelsClassifier: ...
    def predict(self, X: Any) -> Array: ...
    def predict_proba(self, X: Any) -> Array: ...
    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float: ...

class SelfTargetClassifier(BaseEstimator):  # type: ignore[misc]
    model_: Model
    n_features_in_: int
    classes_: Array
    n_iter_: int
    layers: Sequence[Union[int, Mapping[str, Any]]]
    dropout: Union[float, Sequence[float]]
    activation: str
    read_out: Literal['association', 'unit', 'classifier']
    classifier: Optional[Mapping[str, Any]]
    random_state: Union[int, RandomState, None]
    n_jobs: Optional[int]
    verbose: bool
    epochs: int
    batch: int
    shards: int
    loss: Literal['mse', 'cross_entropy', 'cross_entropy_steps']
    optimiser: Literal['sgd', 'adam']
    rate: Union[float, Sequence[float]]
    freeze: int
    schedule: Optional[Mapping[str, Any]]
    winners: int
    gamma: float
    eta: float
    smoothing: float
    output_dropout: float
    sequential: bool
    momentum: float
    weight_decay: float
    clip: float
    def __init__(
        self,
        *,
        layers: Sequence[Union[int, Mapping[str, Any]]] = (2000,),
        dropout: Union[float, Sequence[float]] = 0.3,
        activation: str = 'relu',
        read_out: Literal['association', 'unit', 'classifier'] = 'association',
        classifier: Optional[Mapping[str, Any]] = None,
        random_state: Union[int, RandomState, None] = None,
        n_jobs: Optional[int] = None,
        verbose: bool = False,
        epochs: int = 20,
        batch: int = 16,
        shards: int = 1,
        loss: Literal['mse', 'cross_entropy', 'cross_entropy_steps'] = 'mse',
        optimiser: Literal['sgd', 'adam'] = 'sgd',
        rate: Union[float, Sequence[float]] = 8,
        freeze: int = 0,
        schedule: Optional[Mapping[str, Any]] = None,
        winners: int = 6,
        gamma: float = 0.4,
        eta: float = 0.0,
        smoothing: float = 0.0,
        output_dropout: float = 0.2,
        sequential: bool = False,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        clip: float = 0.0,
    ) -> None: ...
    def fit(self, X: Any, y: Any = None) -> SelfTargetClassifier: ...
    def partial_fit(self, X: Any, y: Any = None, classes: Any = None) -> SelfTargetClassifier: ...
    def predict(self, X: Any) -> Array: ...
    def predict_proba(self, X: Any) -> Array: ...
    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float: ...
    def transform(self, X: Any) -> Array: ...

class SelfTargetTransformer(BaseEstimator):  # type: ignore[misc]
    model_: Model
    n_features_in_: int
    layers: Sequence[Union[int, Mapping[str, Any]]]
    dropout: Union[float, Sequence[float]]
    activation: str
    random_state: Union[int, RandomState, None]
    n_jobs: Optional[int]
    verbose: bool
    epochs: int
    batch: int
    shards: int
    loss: Literal['mse', 'cross_entropy', 'cross_entropy_steps']
    optimiser: Literal['sgd', 'adam']
    rate: Union[float, Sequence[float]]
    freeze: int
    schedule: Optional[Mapping[str, Any]]
    winners: int
    gamma: float
    eta: float
    smoothing: float
    output_dropout: float
    sequential: bool
    momentum: float
    weight_decay: float
    clip: float
    def __init__(
        self,
        *,
        layers: Sequence[Union[int, Mapping[str, Any]]] = (2000,),
        dropout: Union[float, Sequence[float]] = 0.3,
        activation: str = 'relu',
        random_state: Union[int, RandomState, None] = None,
        n_jobs: Optional[int] = None,
        verbose: bool = False,
        epochs: int = 20,
        batch: int = 16,
        shards: int = 1,
        loss: Literal['mse', 'cross_entropy', 'cross_entropy_steps'] = 'mse',
        optimiser: Literal['sgd', 'adam'] = 'sgd',
        rate: Union[float, Sequence[float]] = 8,
        freeze: int = 0,
        schedule: Optional[Mapping[str, Any]] = None,
        winners: int = 6,
        gamma: float = 0.4,
        eta: float = 0.0,
        smoothing: float = 0.0,
        output_dropout: float = 0.2,
        sequential: bool = False,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        clip: float = 0.0,
    ) -> None: ...
    def fit(self, X: Any, y: Any = None) -> SelfTargetTransformer: ...
    def partial_fit(self, X: Any, y: Any = None) -> SelfTargetTransformer: ...
    def transform(self, X: Any) -> Array: ...

class SpikingClassifier(BaseEstimator):  # type: ignore[misc]
    model_: Model
    n_features_in_: int
    classes_: Array
    n_iter_: int
    network: str
    random_state: Union[int, RandomState, None]
    n_jobs: Optional[int]
    verbose: bool
    epochs: int
    batch: int
    shards: int
    loss: Literal['mse', 'cross_entropy', 'cross_entropy_steps']
    optimiser: Literal['sgd', 'adam']
    rate: Union[float, Sequence[float]]
    freeze: int
    schedule: Optional[Mapping[str, Any]]
    label_smoothing: float
    momentum: float
    weight_decay: float
    clip: float
    norm_l1: float
    tet: float
    augment: Optional[Mapping[str, Any]]
    steps: int
    neuron: Literal['default', 'sj-vgg', 'code-s', 'code-u', 'tet', 'snntorch']
    tau: float
    threshold: float
    reset: Literal['hard', 'soft', 'delayed']
    detach: bool
    strict: bool
    decay_input: bool
    surrogate: Literal['atan', 'sigmoid', 'triangle', 'rectangle', 'tanh', 'fast_sigmoid']
    sharpness: float
    norm: Literal['none', 'joint', 'step']
    norm_scale: float
    readout: Literal['mean', 'last', 'membrane']
    votes: int
    normalise: bool
    poisson: bool
    output_spikes: bool
    def __init__(
        self,
        *,
        network: str = 'FC256-FC128',
        random_state: Union[int, RandomState, None] = None,
        n_jobs: Optional[int] = None,
        verbose: bool = False,
        epochs: int = 20,
        batch: int = 64,
        shards: int = 1,
        loss: Literal['mse', 'cross_entropy', 'cross_entropy_steps'] = 'cross_entropy_steps',
        optimiser: Literal['sgd', 'adam'] = 'sgd',
        rate: Union[float, Sequence[float]] = 0.1,
        freeze: int = 0,
        schedule: Optional[Mapping[str, Any]] = None,
        label_smoothing: float = 0.0,
        momentum: float = 0.9,
        weight_decay: float = 0.0001,
        clip: float = 0.0,
        norm_l1: float = 0.0,
        tet: float = 0.0,
        augment: Optional[Mapping[str, Any]] = None,
        steps: int = 4,
        neuron: Literal['default', 'sj-vgg', 'code-s', 'code-u', 'tet', 'snntorch'] = 'default',
        tau: float = 1.3333334,
        threshold: float = 1.0,
        reset: Literal['hard', 'soft', 'delayed'] = 'hard',
        detach: bool = True,
        strict: bool = False,
        decay_input: bool = True,
        surrogate: Literal['atan', 'sigmoid', 'triangle', 'rectangle', 'tanh', 'fast_sigmoid'] = 'atan',
        sharpness: float = 2.0,
        norm: Literal['none', 'joint', 'step'] = 'joint',
        norm_scale: float = 1.0,
        readout: Literal['mean', 'last', 'membrane'] = 'mean',
        votes: int = 1,
        normalise: bool = False,
        poisson: bool = False,
        output_spikes: bool = False,
    ) -> None: ...
    def fit(self, X: Any, y: Any = None) -> SpikingClassifier: ...
    def partial_fit(self, X: Any, y: Any = None, classes: Any = None) -> SpikingClassifier: ...
    def predict(self, X: Any) -> Array: ...
    def predict_proba(self, X: Any) -> Array: ...
    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float: ...
