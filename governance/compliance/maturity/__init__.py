"""How mature the operations of each team are, by the same controls, evidence and conclusions as frameworks."""
