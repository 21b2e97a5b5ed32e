"""Writes events_golden.inc: what TensorBoard's own writer makes of two events (tensorboard from PyPI)."""
import io
import sys

import tensorboard
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.record_writer import RecordWriter


class Kept(io.BytesIO):
    def close(self):
        pass


def written(event):
    kept = Kept()
    RecordWriter(kept).write(event.SerializeToString())
    return kept.getvalue().hex()


version = event_pb2.Event(wall_time=1.5, file_version="brain.Event:2")
scalar = event_pb2.Event(wall_time=1764000000.25, step=300,
                         summary=summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag="train/loss", simple_value=0.75)]))
with open(sys.argv[1], "w") as out:
    out.write(f"// By make_golden.py, tensorboard {tensorboard.__version__}.\n")
    for name, event in (("kVersionRecord", version), ("kScalarRecord", scalar)):
        text = written(event)
        lines = "\n".join(f'    "{text[i:i + 100]}"' for i in range(0, len(text), 100))
        out.write(f"constexpr char {name}[] =\n{lines};\n")
