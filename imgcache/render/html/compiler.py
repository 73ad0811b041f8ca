"""Compiler of the templates: Jinja2's own, without what only templates of strangers need.

A site has a hundred thousand cards, and Jinja2 spends most of their time on look-ups: whether a
name is an attribute or a key, whether a function wants the context, and on two calls for each
value that is printed. Our templates print attributes of views, and call macros. So an attribute
is only an attribute here, a call only a call, and one function prints.
"""

from __future__ import annotations

from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame


class PlainCode(CodeGenerator):
    """Makes the Python code of a template. What it prints is all that `finalize` returns.

    `finalize` must escape, then. Its result is markup or digits, so that nothing is lost or
    escaped twice where a later Jinja2 does not ask these methods, and its own code runs.
    """

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802  Jinja2's name
        """An attribute of a view; AttributeError where there is none."""
        self.visit(node.node, frame)
        self.write(f".{node.attr}")

    def visit_Call(  # noqa: N802  Jinja2's name
        self,
        node: nodes.Call,
        frame: Frame,
        forward_caller: bool = False,  # noqa: FBT001, FBT002  Jinja2's signature
    ) -> None:
        """A macro or method; none of ours wants the context."""
        if forward_caller or node.dyn_args or node.dyn_kwargs:
            super().visit_Call(node, frame, forward_caller)
            return
        self.visit(node.node, frame)
        self.write("(")
        for argument in node.args:
            self.visit(argument, frame)
            self.write(", ")
        for keyword in node.kwargs:
            self.visit(keyword, frame)
            self.write(", ")
        self.write(")")

    def _output_child_pre(self, _node: nodes.Expr, _frame: Frame, finalize: Any) -> None:
        self.write(finalize.src)

    def _output_child_post(self, _node: nodes.Expr, _frame: Frame, _finalize: Any) -> None:
        self.write(")")
