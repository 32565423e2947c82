"""A SavedModel with variables, into the directory that is the argument."""

import sys

import tensorflow as tf


class Line(tf.Module):
    def __init__(self):
        super().__init__()
        self.slope = tf.Variable(tf.zeros((3, 2)), name="slope")
        self.steps = tf.Variable(0, dtype=tf.int64, name="steps")

    @tf.function(input_signature=[tf.TensorSpec((None, 3), tf.float32, name="x")])
    def __call__(self, x):
        return {"y": x @ self.slope}


line = Line()
tf.saved_model.save(line, f"{sys.argv[1]}/saved-model", signatures={"serving_default": line.__call__})
