// Package fleet decides what FleetFlow's services do, by flags.
package fleet

import (
	"context"
	"strconv"

	of "github.com/open-feature/go-sdk/openfeature"
)

// Flags answers the questions that FleetFlow's services ask. A question never fails: without an answer the safe default holds.
type Flags struct{ client of.IClient }

// NewFlags asks an OpenFeature client.
func NewFlags(client of.IClient) *Flags { return &Flags{client: client} }

// ScoringConfig says how drivers are scored.
type ScoringConfig struct {
	Algorithm string
	Weights   map[string]float64
}

// Ids are sent as text: a JSON number beyond 2^53 loses digits, and with them its place in every rollout.
func subject(id uint64, attributes map[string]any) of.EvaluationContext {
	return of.NewEvaluationContext(strconv.FormatUint(id, 10), attributes)
}

// IsNewDriverScoringEnabled tells whether a user is scored anew, and how.
func (f *Flags) IsNewDriverScoringEnabled(ctx context.Context, userID uint64, role, language string) (bool, ScoringConfig) {
	who := subject(userID, map[string]any{"role": role, "language": language})
	config, _ := f.client.Object(ctx, "driver_scoring_v2", nil, who).(map[string]any)
	if enabled, _ := config["enabled"].(bool); !enabled {
		return false, ScoringConfig{}
	}
	algorithm, _ := config["algorithm"].(string)
	weights := map[string]float64{}
	given, _ := config["weights"].(map[string]any)
	for name, weight := range given {
		if number, fits := weight.(float64); fits {
			weights[name] = number
		}
	}
	return true, ScoringConfig{Algorithm: algorithm, Weights: weights}
}

// GetRoutingAlgorithm names the algorithm that plans a fleet's routes.
func (f *Flags) GetRoutingAlgorithm(ctx context.Context, userID uint64, fleetSize int, region string) string {
	return f.client.String(ctx, "routing_algorithm", "basic", subject(userID, map[string]any{"fleet_size": fleetSize, "region": region}))
}

// GetFuelPredictionConfig says how a vehicle's use of fuel is predicted.
func (f *Flags) GetFuelPredictionConfig(ctx context.Context, vehicleType string) map[string]any {
	config, fits := f.client.Object(ctx, "fuel_prediction_ml", nil, of.NewTargetlessEvaluationContext(map[string]any{"vehicle_type": vehicleType})).(map[string]any)
	if !fits {
		return map[string]any{"enabled": false}
	}
	return config
}

// ScoreCeiling is the highest score that there is.
func (f *Flags) ScoreCeiling(ctx context.Context) int64 {
	return f.client.Int(ctx, "score_ceiling", 100, of.EvaluationContext{})
}
