"""Widgets for JupyterLab: the only place that imports ipywidgets and anywidget."""
