"""What must hold of each layer, in one function a layer; the pipelines choose, and bring the data.

A check speaks the layer's verbs and returns the evidence of its step, or fails it with `expect`. Names in the tools
carry the run's own word, so that a stack that is smoked twice does not meet itself.
"""
