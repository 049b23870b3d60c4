"""Names of places and people to draw from. OPD, kecamatan and villages exist; nobody of these names is meant."""

from __future__ import annotations

OPD = (
    ("SETDA", "Sekretariat Daerah", 0),
    ("SETWAN", "Sekretariat DPRD", 45),
    ("INSPEKTORAT", "Inspektorat", 55),
    ("BKD", "Badan Kepegawaian Daerah", 60),
    ("BAPPEDA", "Badan Perencanaan Pembangunan Daerah", 65),
    ("BPKD", "Badan Pengelolaan Keuangan Daerah", 70),
    ("BPRD", "Badan Pajak dan Retribusi Daerah", 60),
    ("BAKESBANGPOL", "Badan Kesatuan Bangsa dan Politik", 30),
    ("BPBD", "Badan Penanggulangan Bencana Daerah", 60),
    ("SATPOLPP", "Satuan Polisi Pamong Praja", 150),
    ("DISDIKBUD", "Dinas Pendidikan dan Kebudayaan", 110),
    ("DINKES", "Dinas Kesehatan", 90),
    ("DPUTR", "Dinas Pekerjaan Umum dan Tata Ruang", 160),
    ("DPKP", "Dinas Perumahan dan Kawasan Permukiman", 60),
    ("DINSOS", "Dinas Sosial", 50),
    ("DPMD", "Dinas Pemberdayaan Masyarakat dan Desa", 45),
    ("DALDUKKB", "Dinas Pengendalian Penduduk dan Keluarga Berencana", 60),
    ("DISPENDUKCAPIL", "Dinas Kependudukan dan Pencatatan Sipil", 55),
    ("DISKOMINFO", "Dinas Komunikasi dan Informatika", 55),
    ("DISHUB", "Dinas Perhubungan", 110),
    ("DISNAKER", "Dinas Tenaga Kerja", 45),
    ("DISKOPUM", "Dinas Koperasi dan Usaha Mikro", 40),
    ("DISDAG", "Dinas Perdagangan", 90),
    ("DPMPTSP", "Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu", 45),
    ("DISPORA", "Dinas Pemuda dan Olahraga", 35),
    ("DISPAR", "Dinas Pariwisata", 45),
    ("DLH", "Dinas Lingkungan Hidup", 190),
    ("DKPP", "Dinas Ketahanan Pangan dan Pertanian", 150),
    ("DISKAN", "Dinas Perikanan", 40),
    ("DISARPUS", "Dinas Arsip dan Perpustakaan", 40),
    ("RSUD-HARYOTO", "RSUD dr. Haryoto", 480),
)
"""Code, name, weight in people."""

BAGIAN = (
    *("Pemerintahan", "Kesejahteraan Rakyat", "Hukum", "Perekonomian", "Administrasi Pembangunan"),
    *("Pengadaan Barang dan Jasa", "Umum", "Organisasi", "Protokol dan Komunikasi Pimpinan"),
)

KECAMATAN: dict[str, tuple[float, float, tuple[str, ...]]] = {
    "Tempursari": (-8.300, 112.970, ("Bulurejo", "Purorejo", "Tegalrejo", "Pundungsari", "Kaliuling", "Tempurejo")),
    "Pronojiwo": (-8.220, 112.945, ("Oro-Oro Ombo", "Sumberurip", "Supiturang", "Tamanayu", "Sidomulyo")),
    "Candipuro": (-8.190, 113.060, ("Sumbermujur", "Penanggal", "Tambahrejo", "Kloposawit", "Jarit", "Sumberwuluh")),
    "Pasirian": (-8.220, 113.110, ("Condro", "Kalibendo", "Madurejo", "Bago", "Bades", "Gondoruso", "Nguter")),
    "Tempeh": (-8.200, 113.170, ("Lempeni", "Tempeh Lor", "Tempeh Tengah", "Besuk", "Jatisari", "Gesang", "Pulo")),
    "Kunir": (-8.210, 113.230, ("Jatigono", "Jatimulyo", "Kabuaran", "Karanglo", "Kedungmoro", "Kunir Lor")),
    "Yosowilangun": (-8.240, 113.300, ("Krai", "Kebonsari", "Munder", "Darungan", "Kalipepe", "Kraton", "Wotgalih")),
    "Rowokangkung": (-8.190, 113.320, ("Kedungrejo", "Sidorejo", "Sumberanyar", "Sumbersari", "Nogosari")),
    "Tekung": (-8.170, 113.270, ("Klampokarum", "Karangbendo", "Mangunsari", "Wonogriyo", "Tukum")),
    "Lumajang": (-8.133, 113.225, ("Tompokersan", "Jogoyudan", "Rogotrunan", "Ditotrunan", "Citrodiwangsan", "Denok")),
    "Pasrujambe": (-8.130, 113.080, ("Jambekumbu", "Jambearum", "Kertosari", "Pagowan", "Karanganom")),
    "Senduro": (-8.090, 113.080, ("Argosari", "Bedayu", "Burno", "Kandangan", "Kandangtepus", "Ranupani")),
    "Gucialit": (-8.070, 113.110, ("Dadapan", "Jeruk", "Kenongo", "Kertowono", "Pakel", "Sombo")),
    "Padang": (-8.070, 113.160, ("Babakan", "Bodang", "Kalisemut", "Kedawung", "Merakan", "Tanggung")),
    "Sukodono": (-8.100, 113.230, ("Bondoyudo", "Dawuhan Lor", "Karangsari", "Kebonagung", "Klanting", "Kutorenon")),
    "Kedungjajang": (-8.060, 113.240, ("Bandaran", "Bence", "Curahpetung", "Grobogan", "Krasak", "Umbul", "Wonorejo")),
    "Jatiroto": (-8.120, 113.350, ("Banyuputih Kidul", "Kaliboto Kidul", "Kaliboto Lor", "Rojopolo", "Sukosari")),
    "Randuagung": (-8.070, 113.300, ("Buwek", "Gedangmas", "Kalidilem", "Kalipenggung", "Ranulogong", "Salak")),
    "Klakah": (-7.990, 113.250, ("Duren", "Kebonan", "Kudus", "Mlawang", "Papringan", "Ranupakis", "Sruni")),
    "Ranuyoso": (-7.950, 113.240, ("Alun-Alun", "Jenggrong", "Meninjo", "Penawungan", "Ranubedali", "Wonoayu")),
    "Sumbersuko": (-8.150, 113.190, ("Grati", "Labruk Kidul", "Mojosari", "Petahunan", "Purwosono", "Sentul")),
}
"""Latitude and longitude of the office, roughly, and some of the villages."""

SEAT = (-8.133, 113.225)

WOMEN = (
    *("Siti", "Dewi", "Sri", "Rina", "Yuni", "Fitri", "Ratna", "Maya", "Endang", "Nur", "Wahyu", "Lilik", "Indah"),
    *("Ani", "Tutik", "Umi", "Kartini", "Mega", "Novi", "Eka", "Dwi", "Tri", "Suci", "Ayu", "Lestari", "Wiwik"),
)
MEN = (
    *("Budi", "Agus", "Eko", "Hendra", "Bambang", "Joko", "Arif", "Slamet", "Sugeng", "Dian", "Mulyono", "Suparman"),
    *("Imam", "Hadi", "Rudi", "Yudi", "Didik", "Teguh", "Bayu", "Fajar", "Galih", "Heru", "Nanang", "Pramono"),
)
MIDDLE = ("", "", "Nur", "Dwi", "Tri", "Catur", "Eka", "Budi", "Sri", "Adi", "Puji", "Hadi", "Indra", "Agung", "Cahya")
LAST_WOMEN = (
    *("Rahmawati", "Lestari", "Wulandari", "Utami", "Aisyah", "Handayani", "Susanti", "Puspitasari", "Ningsih"),
    *("Astuti", "Maharani", "Kusumawati", "Anggraini", "Fitriani", "Hidayati", "Setyowati", "Purwanti", "Safitri"),
)
LAST_MEN = (
    *("Santoso", "Prasetyo", "Hidayat", "Nugroho", "Setiawan", "Kurniawan", "Wibowo", "Saputra", "Purnomo"),
    *("Hartono", "Susilo", "Firmansyah", "Wijaya", "Raharjo", "Sutrisno", "Subagyo", "Maulana", "Ramadhan"),
)
TITLES = ("S.Pd.", "S.Pd.SD.", "S.E.", "S.H.", "S.Kom.", "S.Sos.", "S.T.", "A.Md.", "M.Si.", "S.Kep.", "", "", "")
