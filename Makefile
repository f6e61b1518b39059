# What a newcomer needs is `make run`, what a developer needs is `make test`. The README says how to do the same without make.

RUN_PACKAGES  := mecab-ipadic
TEST_PACKAGES := $(RUN_PACKAGES) chromium chromium-driver fonts-noto-cjk

.PHONY: run test bench

run:
	$(call install,$(RUN_PACKAGES))
	cargo build --release
	@exec cargo run --release --quiet -- serve --standard fixtures/standard-sheet.xlsx

test:
	$(call install,$(TEST_PACKAGES))
	cargo test
	cargo clippy --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --document-private-items

bench:
	$(call install,$(RUN_PACKAGES))
	cargo bench

# Installs what is missing of the named Debian packages; whoever is not root is told which they are.
define install
	@missing=$$(for p in $(1); do \
		dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'install ok installed' || echo $$p; done); \
	test -z "$$missing" && exit 0; \
	if [ "$$(id -u)" -ne 0 ]; then \
		echo "These Debian packages are needed:" $$missing; \
		echo "Install them, then run make again:  sudo apt-get install" $$missing; exit 1; fi; \
	apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $$missing
endef
