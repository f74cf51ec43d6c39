-- The client of every record of a CMS under `pairs/cms`.
INSERT INTO client
  (client_id, file_no, is_anonymous, last_name, first_name, preferred_name, birth_date, birth_date_quality, gender, status_in_canada, status_date, arrival_date, country_of_origin, home_language, service_language, official_language, interpreter_needed, phone, phone_safe, email, email_safe, address_line, unit, city, province, postal_code, address_confidential)
VALUES
  (1, '2026-000001', 0, 'Okonkwo-Tremblay', 'Amara', 'Ama', '1991-07-22', 'E', 'woman', 'PR', '2024-02-01', '2023-11-15', 'NGA', 'ibo', 'fr-CA', 'en', 1, '416-555-0142', 1, 'amara@example.org', 1, '12 Elm Street', '4', 'Toronto', 'ON', 'M5V 2T6', 0);
INSERT INTO client_identifier
  (identifier_id, client_id, type, value)
VALUES
  (1, 1, 'UCI', '1100000001');
INSERT INTO client_identifier
  (identifier_id, client_id, type, value)
VALUES
  (2, 1, 'CAMS_PERSON', '1234567');
INSERT INTO case_file
  (case_id, client_id, program, opened_on, worker, status)
VALUES
  (1, 1, 'NEWCOMER', '2026-01-12', 'w-17', 'OPEN');
