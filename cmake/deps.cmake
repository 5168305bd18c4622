# SPDX-License-Identifier: MIT
# Sources that are fetched at build time, never kept in the repository: see docs/dependencies.md. Filled in by the crypto folder.
