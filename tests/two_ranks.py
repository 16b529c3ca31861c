"""Run by test_distributed.py in two processes: an lm-eval run in which only rank 0 has a score to give."""

import json
import sys
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from lm_eval import simple_evaluate
from lm_eval.api.model import LM
from lm_eval.api.registry import register_model
from lm_eval.tasks import TaskManager

from odw_harness.resources import TASKS


@register_model("ranked")
class Ranked(LM):
    """Writes its rank; judges the reference of what rank 1 wrote as worth nothing, so that it is unscored."""

    def __init__(self) -> None:
        super().__init__()
        self._rank, self._world_size, self._device = dist.get_rank(), dist.get_world_size(), torch.device("cpu")

    @classmethod
    def create_from_arg_obj(cls, arg_dict: Any, additional_config: Any = None) -> "Ranked":
        return cls()

    @classmethod
    def create_from_arg_string(cls, arg_string: str, additional_config: Any = None) -> "Ranked":
        return cls()

    def generate_until(self, requests: Any, disable_tqdm: bool = False) -> list[str]:
        return [f"写于{self._rank}号" for _ in requests]

    def loglikelihood(self, requests: Any, disable_tqdm: bool = False) -> list[tuple[float, bool]]:
        return [(float(-100 if self._rank else len(r.args[0]) - 10_000), False) for r in requests]

    def loglikelihood_rolling(self, requests: Any, disable_tqdm: bool = False) -> list[float]:
        raise NotImplementedError

    def all_gather(self, tensor: Any) -> Any:
        gathered = [torch.zeros_like(tensor) for _ in range(self._world_size)]
        dist.all_gather(gathered, tensor)
        return torch.stack(gathered)

    def gather_object(self, obj: Any, dst: int = 0) -> Any:
        result = [None] * self._world_size if self._rank == dst else None
        dist.gather_object(obj, result, dst=dst)
        return result

    def barrier(self) -> None:
        dist.barrier()


if __name__ == "__main__":
    out, judge = Path(sys.argv[1]), sys.argv[2]
    dist.init_process_group("gloo")
    manager = TaskManager(include_path=TASKS, include_defaults=False, metadata={"judge": judge})
    results = simple_evaluate(model="ranked", tasks=["odweval"], task_manager=manager, bootstrap_iters=10)
    if results is not None:
        out.write_text(json.dumps({"results": results["results"], "samples": results["samples"]}, ensure_ascii=False))
    dist.destroy_process_group()
