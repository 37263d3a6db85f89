#!/usr/bin/env python3
"""Validates files with the JSON Schemas of the vectors, draft 2020-12.

usage: validate.py SCHEMA FILE...
Prints one line for each breach. Exit status: 0 all files are valid, 1 one is not, 2 the schema is
not, or python3-jsonschema is missing.
"""
import json
import sys

try:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError, best_match
except ImportError as error:
    print(f"python3-jsonschema is needed: {error}", file=sys.stderr)
    sys.exit(2)


def main(schema_path, paths):
    with open(schema_path, encoding="utf-8") as file:
        schema = json.load(file)
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        print(f"{schema_path}: {error.message}", file=sys.stderr)
        return 2
    validator = Draft202012Validator(schema)
    status = 0
    for path in paths:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        for error in validator.iter_errors(document):
            cause = best_match([error])
            where = "".join(f"/{part}" for part in cause.absolute_path)
            print(f"{path}: {where}: {cause.message}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
