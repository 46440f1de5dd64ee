"""GitHub asks before it deploys: custom deployment protection rules, answered by the gate.

https://docs.github.com/en/actions/how-tos/deploy/configure-and-manage-deployments/create-custom-protection-rules
"""
