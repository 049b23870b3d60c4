"""An invented regency: names, numbers and habits are made up; offices, kecamatan and villages are those of Lumajang."""
