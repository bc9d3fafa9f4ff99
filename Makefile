# make demo     chat with seven bots on this machine, no account needed
# make test     everything that CI runs; ARGS="tests/scenarios -k group" runs some of it
# make check    format, lint, types and the house rules
# make screenshots  take the documents' pictures of the page anew
# make format   let ruff do what it can
# make bench    measure
# make chaos    let everything fail while it works, and count what became of a thousand messages
# make clean    remove the virtual environment and the caches
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test check screenshots format bench chaos clean

demo: $(VENV)/.run
	$(BIN)/python app.py demo $(ARGS)

test: $(VENV)/.dev
	@tests/page/get-browser
	@tests/get-redis
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

screenshots: $(VENV)/.dev
	@tests/page/get-browser
	$(BIN)/python -m pytest tests/page $(ARGS)
	cp build/screenshots/docs-page.png docs/page.png
	cp build/screenshots/docs-page-en.png docs/page-en.png

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/python -m pytest tests/test_house.py

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev
	$(BIN)/python -m bench $(ARGS)

chaos: $(VENV)/.dev
	@tests/get-redis
	$(BIN)/python -m chaos $(ARGS)

clean:
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache

$(VENV)/.run: requirements.txt
	@command -v $(PYTHON) >/dev/null || { echo "DingBridge needs $(PYTHON), 3.11 or newer: apt install python3 python3-venv / 需要 Python 3.11 或更新版本：apt install python3 python3-venv"; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "DingBridge needs Python 3.11 or newer, this is $$($(PYTHON) --version); name another: make PYTHON=python3.12 / 需要 Python 3.11 或更新版本，可以指定：make PYTHON=python3.12"; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv is missing: apt install python3-venv / 缺少 venv：apt install python3-venv"; exit 2; }
	@echo "setting up $(VENV), once / 正在准备 $(VENV)，只需一次"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) -r requirements.txt || { $(PIP_FAILED); }
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@$(PIP) -r requirements-dev.txt || { $(PIP_FAILED); }
	@touch $@

PIP_FAILED = echo "pip could not install; behind a slow line name a mirror: PIP_INDEX_URL=... make demo / 安装失败，网络慢时可指定镜像（同前）"; exit 2
