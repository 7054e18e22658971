"""What performance.md asks, measured: each figure beside its limit or its peer in the same run. Benches fail nothing."""
