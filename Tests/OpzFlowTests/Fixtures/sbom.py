"""Validates bills of materials with the schema that CycloneDX publishes. 1 for one that is not valid."""
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

validator = JsonStrictValidator(SchemaVersion.V1_6)
for path in sys.argv[1:]:
    problem = validator.validate_str(open(path, encoding="utf-8").read())
    if problem:
        print(path, str(problem)[:2000])
        sys.exit(1)
