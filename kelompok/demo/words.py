"""Names, places and sentences of the demo data, in Indonesian as groups write them: data, not interface."""

from __future__ import annotations

from typing import NamedTuple

ORGANISATIONS = (("Yayasan Bina Tani Mandiri", "bina"), ("LSM Karya Desa Sejahtera", "karya"))
"""Name and the short word that ends the user names of its people."""

DISTRICTS = (
    ("33.08.12", "34.03.01", "35.07.06"),
    ("52.02.01", "73.06.05", "32.05.10"),
)
"""Kemendagri codes of the districts each organisation works in."""

FEMALE = (
    "Siti Aminah", "Sri Wahyuni", "Dewi Lestari", "Nur Hasanah", "Sumarni", "Kartini", "Wagiyem", "Ngatinah",
    "Rukmini", "Sulastri", "Endang Susilowati", "Tutik Handayani", "Yuliana", "Fatimah", "Khotimah", "Maimunah",
    "Sutinah", "Parti", "Lestari Ningsih", "Umi Kulsum", "Rohani", "Marsinah", "Suharti", "Wiwik Widayati",
    "Eka Puspitasari", "Dwi Astuti", "Tri Rahayu", "Ani Suryani", "Ratna Sari", "Indah Permata", "Mulyani",
    "Sukarti", "Juminten", "Painah", "Rini Setyowati", "Nurul Hidayah", "Baiq Rohana", "Daeng Bau", "Inaq Sahni",
    "Neneng Hasanah", "Euis Komariah", "Ai Rohaeni", "Murniati", "Halimah", "Aisyah", "Zubaidah", "Nuraeni",
    "Hasnah", "Ramlah", "Sitti Rabiah", "Nur Jum'atun", "Ma'rifah", "Sa'diyah", "Ni'matul Khoiriyah",
)  # fmt: skip
MALE = (
    "Slamet Riyadi", "Budi Santoso", "Suparman", "Wagimin", "Agus Prasetyo", "Joko Susilo", "Sutrisno", "Ahmad Fauzi",
    "Muhammad Yusuf", "Suyatno", "Paijo", "Hadi Purnomo", "Rahmat Hidayat", "Asep Saepudin", "Dadang Kurnia",
    "Lalu Wirajaya", "Daeng Tompo", "Amaq Rusni", "Abdul Rahman", "Mansur", "Sugeng Widodo", "Tukiran", "Kasiman",
    "Samsul Bahri", "Ujang Sopandi", "Eko Wahyudi", "Dwi Cahyono", "Bambang Irawan", "Hasan Basri", "Saharuddin",
    "Jum'at", "Nu'man", "Ma'ruf", "Syafi'i",
)  # fmt: skip
SECOND = (
    "", "", "", "", "Utami", "Rahmawati", "Ningrum", "Kusuma", "Hartini", "Purwanti", "Anggraini", "Safitri", "Maulida",
)  # fmt: skip
SECOND_MALE = ("", "", "", "Wibowo", "Saputra", "Kurniawan", "Hidayat", "Nugroho", "Setiawan", "Firmansyah")
NAMESAKES = ("Siti Aminah", "Siti Aminah", "Jum'at", "Nu'man Hidayat", "Ma'ruf")
"""People of the group with the large loan: two of one name, whom only their numbers tell apart."""
ADMINISTRATORS = ("Hesti Pramudita", "Andi Mappasere")
STAFF = ("Bagus Setiaji", "Ni Made Ayu Lestari")
FACILITATORS = (
    "Rina Kusumawati", "Anton Wijaya", "Lilis Suryani", "Bayu Aditya", "Maya Anggraini", "Hendra Gunawan",
    "Fitri Handayani", "Yusuf Maulana", "Nining Rahayu", "Dimas Pratama", "Wulan Sari", "Arif Budiman",
)  # fmt: skip

GROUP_NAMES = (
    "Melati", "Mawar", "Tani Makmur", "Sido Mulyo", "Anggrek", "Kenanga", "Harapan Jaya", "Karya Bersama",
    "Maju Bersama", "Dahlia", "Ngudi Rejeki", "Sri Rejeki", "Cempaka", "Tunas Harapan", "Bina Usaha", "Sekar Arum",
    "Mekar Sari", "Guyub Rukun", "Lestari", "Flamboyan", "Sinar Pagi", "Berkah", "Kartini", "Teratai", "Wanita Mandiri",
    "Rukun Santoso", "Ingin Maju", "Cahaya Baru", "Padi Subur", "Bougenville",
)  # fmt: skip
WITH_LOAN = "Sumber Rejeki"
"""The group with the loan of Rp 5,000,000 over 24 months."""
WITH_MINUTE_BOOK = "Mina Sejahtera"
"""The group whose minute book is the sample of the guide for self-help groups."""
SHOWING = {
    "copied_meetings": "Sumber Makmur",
    "late_night_batches": "Putri Malu",
    "full_attendance": "Budi Luhur",
    "same_amounts": "Rukun Tani",
    "cash_always_agrees": "Setia Kawan",
    "terms_expired": "Sekar Wangi",
    "same_leaders": "Setia Bhakti",
    "leaders_change_often": "Tunas Baru",
    "no_woman_leads": "Ternak Jaya",
    "one_recorder": "Wijaya Kusuma",
}
"""The group whose records show each signal of `assessment.signals`."""
ALIKE = ("Ayu Tani 1", "Ayu Tani 2", "Ayu Tani 3", "Ayu Tani 4", "Ayu Tani 5")
"""The groups of a facilitator whose groups all score alike."""
FORMING = "Tunas Muda"
"""The group that is being formed."""
PLACES = (
    "Balai dusun", "Rumah ketua", "Balai desa", "Rumah Ibu RT", "Posyandu", "Mushola", "Rumah bendahara", "Gedung PKK",
)  # fmt: skip
BANKS = ("BRI Unit", "Bank BPD", "BPR Desa", "Bank Mandiri KCP", "BKK")
AIMS = (
    "Menabung dan saling meminjam untuk usaha anggota. Setiap anggota hadir, menabung, dan mengangsur tepat waktu; "
    "keputusan diambil dengan musyawarah, dan pembukuan dibacakan pada setiap pertemuan."
)


class Topic(NamedTuple):
    """A row of the agenda: what it is about, what was said and what may be decided."""

    title: str
    discussion: str
    decision: str
    critical: bool = False


TOPICS = (
    Topic(
        "Pembacaan pembukuan bulan lalu", "Bendahara membacakan saldo kas dan simpanan", "Anggota menyetujui laporan"
    ),
    Topic("Simpanan wajib yang belum dibayar", "Beberapa anggota belum menyetor", "Dilunasi pada pertemuan berikutnya"),
    Topic("Usulan pinjaman anggota", "Kebutuhan dan kemampuan mengangsur dibahas", "Pinjaman disetujui sesuai urutan"),
    Topic("Pembelian pupuk bersama", "Harga dari dua toko dibandingkan", "Dua anggota membeli pupuk untuk semua"),
    Topic("Pembelian bibit cabai", "Musim tanam mulai bulan depan", "Bibit dibeli dari kelompok tetangga"),
    Topic("Arisan anggota", "Giliran arisan diundi", "Penerima arisan disepakati"),
    Topic("Pelatihan membuat keripik pisang", "Dinas menawarkan pelatihan dua hari", "Tiga anggota akan ikut"),
    Topic("Penjualan hasil kebun", "Harga di pasar naik", "Dijual bersama hari Sabtu"),
    Topic("Kerja bakti membersihkan saluran", "Saluran dusun tersumbat", "Kerja bakti hari Minggu pagi"),
    Topic("Kunjungan pendamping", "Pendamping menjelaskan penilaian kelompok", "Buku notulen dilengkapi"),
    Topic("Kandang ayam bersama", "Biaya pakan dihitung", "Dicoba dengan lima puluh ekor"),
    Topic("Iuran dana sosial", "Anggota sakit perlu dibantu", "Bantuan diberikan dari dana sosial"),
    Topic("Rencana rapat dengan desa", "Kelompok ingin ikut musrenbang", "Ketua dan sekretaris mewakili kelompok"),
    Topic("Pemasaran lewat warung desa", "BUMDes bersedia menampung produk", "Contoh produk diantar minggu depan"),
    Topic("Tunggakan angsuran", "Ada pinjaman yang terlambat", "Penunggak dikunjungi pengurus", critical=True),
    Topic("Anggota jarang hadir", "Tiga anggota tidak hadir berturut-turut", "Ditegur dan dikunjungi", critical=True),
    Topic("Selisih uang kas", "Uang di kotak tidak sama dengan buku", "Pengurus memeriksa bukti", critical=True),
    Topic("Air bersih pada musim kemarau", "Sumur dangkal mulai kering", "Mengajukan bantuan ke desa", critical=True),
    Topic("Harga gabah turun", "Anggota sulit mengangsur", "Angsuran dibicarakan satu per satu", critical=True),
)
CRITICAL_TOPICS = tuple(topic for topic in TOPICS if topic.critical)
ELECTION = Topic("Pemilihan pengurus", "Masa bakti pengurus selesai", "Pengurus baru dipilih dengan musyawarah")
ADOPTION = Topic("Perubahan aturan main", "Besar simpanan dan denda dibahas", "Aturan main baru disepakati")
FOUNDING = Topic("Pembentukan kelompok", "Tujuan dan aturan main dibahas", "Aturan main dan pengurus disepakati")

MOVED_FOR = ("hajatan di balai desa", "panen raya", "kerja bakti", "ada warga meninggal")
PURPOSES = (
    "Modal warung", "Beli pupuk", "Biaya sekolah anak", "Beli kambing", "Modal jualan sayur", "Perbaikan rumah",
    "Beli mesin jahit", "Modal ternak ayam", "Sewa lahan", "Biaya berobat", "Modal keripik", "Beli bibit",
)  # fmt: skip
REFUSALS = (
    "Kas belum cukup", "Simpanan wajib belum lunas", "Angsuran pinjaman lama belum lancar", "Menunggu giliran",
)  # fmt: skip
THINGS = (
    ("Kotak uang", 150_000), ("Timbangan", 225_000), ("Terpal", 175_000), ("Papan tulis", 120_000),
    ("Kursi plastik, 10 buah", 450_000), ("Mesin pengemas", 350_000),
)  # fmt: skip
"""What a group buys for itself, with the price in rupiah."""
RESCHEDULED_FOR = "Panen gagal, angsuran diperkecil dengan musyawarah"
WRITTEN_OFF_FOR = "Pindah ke luar pulau dan tidak dapat dihubungi"
CORRECTED_FOR = "Setoran sukarela terlewat dicatat"
ANNUAL_MEETING = "Diputuskan dalam rapat anggota tahunan"
WORN = "Aus"
PRESENT_AT_THE_END = "Kepala desa, pendamping, lima anggota"
DISSOLVED_FOR = "Tidak ada lagi yang mau mengurus kelompok"
UNSETTLED_FOR = "Bendahara tidak dapat dihubungi"
DORMANT_FOR = "Pertemuan berhenti, pengurus tidak dapat dihubungi"
LENDER = "UPK Kecamatan"
COSTS = "Bahan keripik pisang"
INCENTIVE = "Insentif pengurus"
EXPENSES = (
    ("STATIONERY", "Alat tulis"), ("EXPENSE", "Konsumsi pertemuan"), ("TRANSPORT", "Transport ke bank"),
    ("STATIONERY", "Fotokopi buku kas"), ("INCENTIVE", INCENTIVE),
)  # fmt: skip
"""The kind of `OtherMoney` and what it was for."""
INCOMES = ("Hasil jual keripik bersama", "Sewa terpal kelompok", "Hasil kebun bersama", "Sumbangan anggota")
GRANTS = ("Dana bergulir dari UPK", "Hibah modal dari desa", "Bantuan dinas koperasi")
HELP = ("Bantuan anggota sakit", "Santunan duka", "Bantuan melahirkan")
DIFFERENCES = ("Uang kembalian belum dicatat", "Salah hitung uang receh", "Bukti belanja belum diserahkan")
SETTLED_BY_POSTING = "Selisih dibukukan"
TO_BANK = "Setor ke bank"
FROM_BANK = "Tarik dari bank"
SETTLED = ("Bukti ditemukan", "Diganti oleh bendahara", "Uang ditemukan di map simpanan")
FINE_LATE = "Terlambat"
FINE_ABSENT = "Tidak hadir tanpa kabar"
JUDGEMENTS = (
    "Belum ada hubungan dengan pihak luar.",
    "Sudah berbicara dengan koperasi desa tentang pemasaran.",
    "Membeli pupuk bersama lewat koperasi desa.",
    "Bekerja sama dengan BUMDes dan dinas, ada perjanjian tertulis.",
)
"""Notes on the work with outside parties, from none to much."""
PARTNERS = (
    ("KUD Tani Makmur", "COOPERATIVE", "Pak Suroso", "Membeli jagung dan gabah setiap panen, membayar tunai."),
    ("UD Hasil Bumi", "BUYER", "Haji Mansur", "Mengambil barang ke desa, harga mengikuti pasar."),
    ("CV Keripik Nusantara", "COMPANY", "Ibu Melinda", "Mau membina mutu dan kemasan."),
    ("BRI Unit Pasar", "LENDER", "Bu Ratri", "Kredit usaha rakyat untuk anggota kelompok."),
    ("Toko Tani Subur", "SUPPLIER", "Koh Hendra", "Pupuk dan bibit dengan harga grosir, boleh dicicil."),
    ("Dinas Koperasi dan UKM", "GOVERNMENT", "Pak Wahyu", "Pelatihan dan izin usaha."),
    ("Balai Penyuluhan Pertanian", "EXTENSION", "Bu Siska", "Penyuluh datang paling sedikit sebulan sekali."),
    ("Yayasan Pangan Lestari", "NGO", "Mas Aji", "Pendampingan sertifikasi."),
)
"""Name, kind, contact person and what is looked for."""
PARTNERSHIPS = ("Menjual hasil kebun bersama", "Memasarkan keripik pisang", "Menjual gabah sesudah panen")
LACKS = (
    "Pembeli tetap, timbangan besar, dan modal untuk membeli bahan.",
    "Gudang kering dan angkutan ke pasar.",
    "Pelatih pengemasan dan izin PIRT.",
)
NEEDS = ("pembeli tetap dengan harga jelas", "modal bahan baku")
FITS = ("dekat dan membayar tunai", "belum tentu mengambil ke desa")
CONSENT = "Bersedia membeli semua hasil yang lolos sortir."
GROUP_RIGHTS = "Menerima harga pasar hari itu, dibayar tunai saat barang ditimbang."
GROUP_DUTIES = "Menyerahkan barang kering dan bersih, menimbang bersama, memberi kabar tiga hari sebelum panen."
PARTNER_RIGHTS = "Menolak barang yang tidak lolos sortir, membeli lebih dulu sebelum pembeli lain."
PARTNER_DUTIES = "Mengambil barang di desa, membayar tunai, meminjamkan karung dan timbangan."
PARTNERSHIP_RULES = "Perselisihan diselesaikan dengan musyawarah di balai desa. Harga dibicarakan lagi setiap musim."
SIGNS_AS = "Pimpinan"
KEPT_AT = "Map surat sekretaris"
LETTER = "Surat kesepakatan harga"
TALKS = (
    ("Kunjungan ke gudang mitra", "Harga dan syarat mutu diketahui", 0),
    ("Pembicaraan di kantor desa", "Mitra meminta contoh barang", 0),
)
SALES = (
    ("Jual jagung pipil bersama", "Terjual semua, dibayar tunai", 2_400_000),
    ("Jual keripik pisang", "Laku 180 bungkus dalam dua minggu", 1_350_000),
    ("Jual sayur ke pasar", "Harga naik seratus rupiah per ikat", 900_000),
)
PURCHASES = (
    ("Beli pupuk bersama", "Lebih murah sepuluh persen", 1_800_000),
    ("Beli bibit cabai", "Bibit dibagi kepada dua belas anggota", 650_000),
)
"""What was done with a partner, its result and its value in rupiah."""
FEDERATIONS = {"bina": "Gabungan Kelompok Bina Sejahtera", "karya": "Gabungan Kelompok Karya Desa"}
FEDERATION_PURPOSE = (
    "Membeli pupuk bersama, menjual hasil panen, dan berbicara dengan desa dan bank sebagai satu suara."
)
FEDERATION_PLACE = "Balai desa"
FEDERATION_MEETINGS = (
    ("Iuran dan pembagian tugas pengurus", "Iuran sepuluh ribu rupiah per kelompok setiap bulan."),
    ("Pembelian pupuk untuk musim tanam", "Setiap kelompok mencatat kebutuhan sebelum akhir bulan."),
    ("Usulan ke musrenbang", "Dua wakil menyampaikan usulan jalan usaha tani."),
    ("Harga gabah dan pembeli", "Mencari pembeli lain sebelum panen."),
)
"""Agenda and decisions."""
FEDERATION_CONTACTS = (
    ("Pertemuan dengan kepala desa", "Gabungan diundang ke musrenbang"),
    ("Menanyakan harga pupuk partai besar", "Ada potongan mulai dua ton"),
    ("Kunjungan penyuluh", "Penyuluh datang setiap Rabu kedua"),
    ("Berbicara tentang kredit kelompok", "Syaratnya pembukuan enam bulan"),
)
"""What was done with somebody outside, and its result."""
BUYING, BUYING_ON = "Pembelian pakan", (6, 6)
MINUTE_BOOK_FOUNDED = (5, 28)

MINUTE_BOOK = (
    (
        (6, 4),
        (
            ("Lokakarya", "ya", "3 anggota akan ikut"),
            (BUYING, "ya", "2 anggota akan membeli 3 karung, 6/6"),
            ("Denda keterlambatan pengurus", "ya", "tidak ada"),
        ),
    ),
    (
        (6, 11),
        (
            ("Laporan lokakarya", "ya", "anggaran dasar disesuaikan"),
            ("Laporan penjualan ayam", "ya", "semua anggota mempromosikan di sekolah"),
        ),
    ),
    ((6, 18), ()),
)
"""The sample of the guide: (month, day) of each meeting and its rows of agenda, discussed, decisions."""
