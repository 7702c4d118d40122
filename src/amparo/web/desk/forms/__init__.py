"""What a signed-in person may fill in; one file for each part of the desk."""

from django import forms


class Form(forms.Form):
    """A form whose faults are told by us, in one place and in the page's language; a browser's own
    bubbles say less, vanish, and stop at the first."""

    use_required_attribute = False
