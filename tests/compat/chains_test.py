# Chains of full, differential and incremental backups by pgbraid and pgBackRest in turn.
# SPDX-License-Identifier: MIT
"""A seed chooses options, changes of the data, who writes, pushes and restores (chain_plan.py). Many
more seeds: tests/compat/chains --peer 2.60.0 --seeds 1-200."""
from case import test
from chain import run_chain

for peer in ("2.33", "2.45", "2.55.1", "2.60.0"):
    test(f"chains: seed 1, peer {peer}", 1, peer, cluster=False, slow=peer != "2.60.0")(run_chain)

for peer, seed in (("2.55.1", 1), ("2.60.0", 2)):
    test(f"chains: seed {seed}, peer {peer}, in a bucket", seed, peer, "both", True, cluster=False,
         slow=True)(run_chain)

# Blocks of a cluster on another host, more than once.
for peer, seed in (("2.55.1", 180), ("2.60.0", 50), ("2.60.0", 56)):
    test(f"chains: seed {seed}, peer {peer}", seed, peer, cluster=False, slow=True)(run_chain)
