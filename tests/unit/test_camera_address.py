import pytest

from firmware.camera import parse_address
from firmware.errors import AddressError


def test_every_driver_has_an_address() -> None:
    assert parse_address("picamera2:0").driver == "picamera2"
    assert parse_address("v4l2:/dev/video0").place == "/dev/video0"
    assert parse_address("file:clip.mp4").options == {"loop": 1}
    assert parse_address("frames:folder?fps=30&hold=5").options == {"fps": 30, "loop": 1, "hold": 5, "gap": 0}


@pytest.mark.parametrize("text", ["", "webcam:0", "frames", "frames:", ":x", "picamera2"])
def test_an_address_without_a_driver_or_a_place_is_refused_with_the_list(text: str) -> None:
    with pytest.raises(AddressError, match=r"picamera2:N, v4l2"):
        parse_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "frames:f?fps=0",
        "frames:f?fps=nan",
        "frames:f?hold=1.5",
        "frames:f?loop=2",
        "frames:f?speed=2",
        "file:c?fps=3",
        "v4l2:0?loop=1",
    ],
)
def test_a_wrong_option_is_refused_by_name(text: str) -> None:
    with pytest.raises(AddressError, match=text.split("?")[1].split("=", maxsplit=1)[0]):
        parse_address(text)
