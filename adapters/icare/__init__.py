"""The kind ``icare``: bulk-upload workbooks of iCARE, program systems 2 and 9.3."""
