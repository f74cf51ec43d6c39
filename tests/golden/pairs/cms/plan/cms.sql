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
INSERT INTO isp_plan
  (plan_id, case_id, version, client_signed_on, worker_signed_on, review_due)
VALUES
  (1, 1, 1, '2026-05-02', '2026-05-01', '2026-08-01');
INSERT INTO isp_goal
  (goal_id, plan_id, term, description, indicator, status, result)
VALUES
  (1, 1, 'short', 'Work in a bakery', 'A job of 20 hours a week', 'IN_PROGRESS', 'Two interviews');
INSERT INTO isp_goal
  (goal_id, plan_id, term, description, status)
VALUES
  (2, 1, 'long', 'A shop of her own', 'NOT_STARTED');
INSERT INTO isp_action
  (action_id, goal_id, note, description, responsible, deadline, done_on)
VALUES
  (1, 1, 'Together at the library', 'Write a résumé', 'client', '2026-06-15', '2026-05-03');
INSERT INTO isp_action
  (action_id, goal_id, description, responsible, deadline)
VALUES
  (2, 1, 'Ask three bakeries', 'worker', '2026-06-15');
