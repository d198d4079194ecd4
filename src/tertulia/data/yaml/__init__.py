"""YAML with places: text to nodes, nodes to typed objects, plain data to text.

The only door to the YAML library: nothing else in the package imports it.
"""

from tertulia.data.yaml.build import Taker
from tertulia.data.yaml.convert import convert
from tertulia.data.yaml.dump import dump
from tertulia.data.yaml.node import Entry, Key, Node, Scalar, YamlRules
from tertulia.data.yaml.read import MAX_BYTES, parse, read_file, read_text

__all__ = [
    "MAX_BYTES",
    "Entry",
    "Key",
    "Node",
    "Scalar",
    "Taker",
    "YamlRules",
    "convert",
    "dump",
    "parse",
    "read_file",
    "read_text",
]
