"""What is known of controls, as OSCAL documents for other tools: component definition and assessment results."""
