"""Run submissions: the sandbox, the workspace, the kernel, and the judge outside."""
