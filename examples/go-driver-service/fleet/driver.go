package fleet

import "context"

// Trips is what is known of a driver: each figure from 0 to 1.
type Trips map[string]float64

// DriverService scores drivers.
type DriverService struct{ flags *Flags }

// NewDriverService scores as the flags say.
func NewDriverService(flags *Flags) *DriverService { return &DriverService{flags: flags} }

// Score is a driver's score, and how it came about.
type Score struct {
	Value     float64
	Algorithm string
}

// CalculateDriverScore scores a driver by weights where the new scoring is on, else by the mean of all figures.
func (s *DriverService) CalculateDriverScore(ctx context.Context, driverID uint64, language string, trips Trips) Score {
	ceiling := float64(s.flags.ScoreCeiling(ctx))
	enabled, config := s.flags.IsNewDriverScoringEnabled(ctx, driverID, "driver", language)
	if !enabled || len(config.Weights) == 0 {
		return Score{Value: ceiling * mean(trips), Algorithm: "basic"}
	}
	value := 0.0
	for name, weight := range config.Weights {
		value += weight * trips[name]
	}
	return Score{Value: ceiling * value, Algorithm: config.Algorithm}
}

func mean(trips Trips) float64 {
	if len(trips) == 0 {
		return 0
	}
	sum := 0.0
	for _, figure := range trips {
		sum += figure
	}
	return sum / float64(len(trips))
}
