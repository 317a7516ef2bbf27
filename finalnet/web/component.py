"""Turns templates and JavaScript modules into Gradio components."""

from itertools import count
from typing import Any

import gradio as gr

from finalnet.web.browser import (
    FOLDER,
    LATE_MODULES,
    MODULES,
    PICTURE_MODULES,
    RECOGNIZER,
    render,
    to_link,
)

GRADIO_FILES = "gradio_api/file="  # Gradio serves static files at this plus their `to_link`
# `file` returns the URL of a file, `api` the URL of one of our API functions. `isHeard` returns
# whether a listener of the page uses the part's value or events.
MOUNT = """
const { root, components, dependencies } = window.gradio_config;
const file = (path) => `${root}/${props.files}${path}`;
const api = (name) => `${root}/api/${name}`;
const isHeard = () => {
  const own = components.find((each) => each.props.props?.part === props.part);
  const isOwn = (id) => id === own.id;
  // Components rendered later are not in the configuration.
  return !own || dependencies.some(({ inputs, targets }) =>
    inputs.some(isOwn) || targets.some(([id]) => isOwn(id)));
};
import(file(props.module)).then((module) =>
  module[props.mount](element, { props, trigger, watch, file, api, isHeard }));
"""
PARTS = count()  # numbers the parts of this process


class Component(gr.HTML):
    """A part of the page: a template, and a JavaScript function that makes it interactive.

    Args:
        template: file in `templates/`, rendered with `words`.
        module: JavaScript file beside this one.
        mount: its function to call with the element and the component's props and events.
        styles: CSS files beside this one, applied only to this component.
        files: URL prefix, relative to the page, under which the app serves `page_files`; by
            default Gradio serves them under their paths.
    """

    def __init__(
        self,
        value: Any = None,
        *,
        template: str,
        module: str,
        mount: str,
        words: dict[str, Any],
        styles: tuple[str, ...] = (),
        files: str | None = None,
        **props: Any,
    ):
        if files is None:
            modules = MODULES + PICTURE_MODULES + LATE_MODULES
            gr.set_static_paths([RECOGNIZER, *(FOLDER / name for name in modules)])
        super().__init__(
            value=value,
            html_template=render(template, **words),
            css_template="".join((FOLDER / name).read_text(encoding="utf-8") for name in styles),
            js_on_load=MOUNT,
            apply_default_css=False,
            module=module if files else to_link(FOLDER / module),
            mount=mount,
            files=files or GRADIO_FILES,
            part=next(PARTS),
            **props,
        )
