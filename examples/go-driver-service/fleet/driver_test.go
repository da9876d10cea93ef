package fleet_test

import (
	"context"
	"math"
	"os"
	"testing"

	"example.com/fleetflow/driver-service/fleet"
	"example.com/fleetflow/driver-service/ofrep"
	of "github.com/open-feature/go-sdk/openfeature"
)

// Evaluates on a running Pataka that has the flags of flags.json.
func client(t *testing.T) *of.Client {
	t.Helper()
	origin, key := os.Getenv("PATAKA_URL"), os.Getenv("PATAKA_SERVER_KEY")
	if origin == "" || key == "" {
		t.Skip("PATAKA_URL and PATAKA_SERVER_KEY name no server")
	}
	if err := of.SetNamedProviderAndWait(t.Name(), ofrep.New(origin, key, nil)); err != nil {
		t.Fatal(err)
	}
	return of.NewClient(t.Name())
}

func TestADriverWhoReadsHindiIsScoredAnew(t *testing.T) {
	service := fleet.NewDriverService(fleet.NewFlags(client(t)))
	trips := fleet.Trips{"safety": 0.9, "fuel": 0.5, "punctuality": 0.8}
	anew := service.CalculateDriverScore(context.Background(), 18446744073709551615, "hi-IN", trips)
	if anew.Algorithm != "ml_v2" || math.Abs(anew.Value-76) > 1e-9 {
		t.Errorf("scored %+v", anew)
	}
	basic := service.CalculateDriverScore(context.Background(), 7, "ta-IN", trips)
	if basic.Algorithm != "basic" || math.Abs(basic.Value-100*2.2/3) > 1e-9 {
		t.Errorf("scored %+v", basic)
	}
}

func TestLargeFleetsInTheWestAreRoutedByAI(t *testing.T) {
	flags := fleet.NewFlags(client(t))
	if got := flags.GetRoutingAlgorithm(context.Background(), 1, 80, "pune"); got != "ai_advanced" {
		t.Errorf("pune: %s", got)
	}
	if got := flags.GetRoutingAlgorithm(context.Background(), 1, 80, "delhi"); got != "basic" {
		t.Errorf("delhi: %s", got)
	}
}

func TestFuelIsPredictedForHeavyVehicles(t *testing.T) {
	flags := fleet.NewFlags(client(t))
	if got := flags.GetFuelPredictionConfig(context.Background(), "truck"); got["model"] != "v3" || got["horizon_km"] != 250.0 {
		t.Errorf("truck: %v", got)
	}
	if got := flags.GetFuelPredictionConfig(context.Background(), "scooter"); got["enabled"] != false {
		t.Errorf("scooter: %v", got)
	}
}

func TestAnswersAndErrorsAreOpenFeatures(t *testing.T) {
	openFeature := client(t)
	ctx := context.Background()
	driver := of.NewEvaluationContext("driver-7", map[string]any{"role": "driver", "language": "hi"})
	got, err := openFeature.ObjectValueDetails(ctx, "driver_scoring_v2", nil, driver)
	if err != nil || got.Variant != "ml_v2" || got.Reason != of.TargetingMatchReason || got.FlagMetadata["ruleId"] != "drivers" || got.FlagMetadata["flagVersion"] != 1.0 {
		t.Errorf("a match: %+v, %v", got, err)
	}
	// Where the flag is off in the environment its default value is served, not the code's.
	off, err := openFeature.BooleanValueDetails(ctx, "hindi_payouts", true, driver)
	if err != nil || off.Value || off.Variant != "off" || off.Reason != of.DisabledReason {
		t.Errorf("disabled: %+v, %v", off, err)
	}
	split, err := openFeature.StringValueDetails(ctx, "shift_bonus", "?", driver)
	if err != nil || split.Reason != of.SplitReason || split.Value != split.Variant {
		t.Errorf("split: %+v, %v", split, err)
	}
	number, err := openFeature.FloatValueDetails(ctx, "score_ceiling", 0, driver)
	if err != nil || number.Value != 100 || number.Reason != of.StaticReason {
		t.Errorf("number: %+v, %v", number, err)
	}
	errors := map[string]struct {
		code  of.ErrorCode
		about func() (of.StringEvaluationDetails, error)
	}{
		"no such flag": {of.FlagNotFoundCode, func() (of.StringEvaluationDetails, error) {
			return openFeature.StringValueDetails(ctx, "no_such_flag", "mine", driver)
		}},
		"a name to escape": {of.FlagNotFoundCode, func() (of.StringEvaluationDetails, error) {
			return openFeature.StringValueDetails(ctx, "no/such flag", "mine", driver)
		}},
		"another type": {of.TypeMismatchCode, func() (of.StringEvaluationDetails, error) {
			return openFeature.StringValueDetails(ctx, "score_ceiling", "mine", driver)
		}},
		"no targeting key": {of.TargetingKeyMissingCode, func() (of.StringEvaluationDetails, error) {
			return openFeature.StringValueDetails(ctx, "shift_bonus", "mine", of.EvaluationContext{})
		}},
		"a bad context": {of.InvalidContextCode, func() (of.StringEvaluationDetails, error) {
			return openFeature.StringValueDetails(ctx, "shift_bonus", "mine", of.NewEvaluationContext("d", map[string]any{"timestamp": "tomorrow"}))
		}},
	}
	for name, want := range errors {
		details, err := want.about()
		if err == nil || details.ErrorCode != want.code || details.Value != "mine" || details.Reason != of.ErrorReason || details.ErrorMessage == "" {
			t.Errorf("%s: %+v, %v", name, details, err)
		}
	}
}

func TestAWrongKeyOrNoServerLeavesTheDefault(t *testing.T) {
	client(t)
	for name, provider := range map[string]*ofrep.Provider{"wrong key": ofrep.New(os.Getenv("PATAKA_URL"), "wrong", nil), "no server": ofrep.New("http://127.0.0.1:9", "any", nil)} {
		if err := of.SetNamedProviderAndWait(name, provider); err != nil {
			t.Fatal(err)
		}
		details, err := of.NewClient(name).BooleanValueDetails(context.Background(), "hindi_payouts", true, of.NewEvaluationContext("d", nil))
		if err == nil || !details.Value || details.ErrorCode != of.GeneralCode {
			t.Errorf("%s: %+v, %v", name, details, err)
		}
	}
}
