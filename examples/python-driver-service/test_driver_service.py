"""Against a running Pataka (PATAKA_URL, PATAKA_SERVER_KEY) that has the flags of ../go-driver-service/flags.json."""

import os
import unittest

from openfeature.evaluation_context import EvaluationContext
from openfeature.flag_evaluation import ErrorCode, Reason

from driver_service import calculate_driver_score, connect, routing_algorithm, subject

ORIGIN = os.environ["PATAKA_URL"]
KEY = os.environ["PATAKA_SERVER_KEY"]
TRIPS = {"safety": 0.9, "fuel": 0.5, "punctuality": 0.8}


class DriverService(unittest.TestCase):
    def setUp(self):
        self.client = connect(ORIGIN, KEY)

    def test_a_driver_who_reads_hindi_is_scored_anew(self):
        score, algorithm = calculate_driver_score(self.client, 18446744073709551615, "hi-IN", TRIPS)
        self.assertEqual(algorithm, "ml_v2")
        self.assertAlmostEqual(score, 76)
        self.assertEqual(calculate_driver_score(self.client, 7, "ta-IN", TRIPS)[1], "basic")

    def test_large_fleets_in_the_west_are_routed_by_ai(self):
        self.assertEqual(routing_algorithm(self.client, 1, 80, "pune"), "ai_advanced")
        self.assertEqual(routing_algorithm(self.client, 1, 80, "delhi"), "basic")

    def test_answers_are_openfeatures(self):
        match = self.client.get_object_details("driver_scoring_v2", {}, subject(7, role="driver", language="hi"))
        self.assertEqual((match.variant, match.reason, match.flag_metadata["ruleId"], match.flag_metadata["flagVersion"]), ("ml_v2", Reason.TARGETING_MATCH, "drivers", 1))
        # Where the flag is off in the environment its default value is served, not the code's.
        off = self.client.get_boolean_details("hindi_payouts", True, subject(7))
        self.assertEqual((off.value, off.variant, off.reason, off.error_code), (False, "off", Reason.DISABLED, None))
        split = self.client.get_string_details("shift_bonus", "?", subject(7))
        self.assertEqual((split.value, split.reason), (split.variant, Reason.SPLIT))
        self.assertEqual(self.client.get_integer_details("score_ceiling", 0).value, 100)

    def test_errors_leave_the_default_and_say_why(self):
        cases = [
            ("no_such_flag", subject(7), ErrorCode.FLAG_NOT_FOUND),
            ("score_ceiling", subject(7), ErrorCode.TYPE_MISMATCH),
            ("shift_bonus", EvaluationContext(), ErrorCode.TARGETING_KEY_MISSING),
            ("shift_bonus", subject(7, timestamp="tomorrow"), ErrorCode.INVALID_CONTEXT),
        ]
        for flag, context, code in cases:
            details = self.client.get_string_details(flag, "mine", context)
            self.assertEqual((flag, details.value, details.reason, details.error_code), (flag, "mine", Reason.ERROR, code))
            self.assertTrue(details.error_message)

    def test_a_wrong_key_or_no_server_leaves_the_default(self):
        for origin, key in [(ORIGIN, "wrong"), ("http://127.0.0.1:9", KEY)]:
            details = connect(origin, key, f"{origin} {key}").get_boolean_details("hindi_payouts", True, subject(7))
            self.assertEqual((details.value, details.error_code), (True, ErrorCode.GENERAL))


if __name__ == "__main__":
    unittest.main()
