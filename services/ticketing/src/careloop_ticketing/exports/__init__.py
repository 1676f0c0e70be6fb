"""Lists of tickets as files for spreadsheets; and who took which."""
