// Package ofrep is a small OpenFeature provider for any OFREP server.
package ofrep

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	of "github.com/open-feature/go-sdk/openfeature"
)

const (
	maxAnswer      = 1 << 20
	defaultTimeout = 2 * time.Second
)

// Provider evaluates one flag per request. It is safe for use by many goroutines.
type Provider struct {
	base   string
	key    string
	client *http.Client
	// Unix milliseconds until which the server asked for silence.
	silentUntil atomic.Int64
}

// New makes a provider for an origin, with a server key. A nil client gets one with a timeout of two seconds.
func New(origin, key string, client *http.Client) *Provider {
	if client == nil {
		client = &http.Client{Timeout: defaultTimeout}
	}
	return &Provider{base: strings.TrimRight(origin, "/") + "/ofrep/v1/evaluate/flags/", key: key, client: client}
}

// Metadata names the provider.
func (p *Provider) Metadata() of.Metadata { return of.Metadata{Name: "ofrep"} }

// Hooks has none.
func (p *Provider) Hooks() []of.Hook { return nil }

type answer struct {
	Value        any            `json:"value"`
	Variant      string         `json:"variant"`
	Reason       string         `json:"reason"`
	Metadata     map[string]any `json:"metadata"`
	ErrorCode    string         `json:"errorCode"`
	ErrorDetails string         `json:"errorDetails"`
}

// A problem on the way: the caller's default holds.
type failure struct{ resolution of.ResolutionError }

func (f failure) Error() string { return f.resolution.Error() }

func fail(code, details string) error {
	switch code {
	case "FLAG_NOT_FOUND":
		return failure{of.NewFlagNotFoundResolutionError(details)}
	case "TARGETING_KEY_MISSING":
		return failure{of.NewTargetingKeyMissingResolutionError(details)}
	case "INVALID_CONTEXT":
		return failure{of.NewInvalidContextResolutionError(details)}
	case "PARSE_ERROR":
		return failure{of.NewParseErrorResolutionError(details)}
	case "TYPE_MISMATCH":
		return failure{of.NewTypeMismatchResolutionError(details)}
	default:
		return failure{of.NewGeneralResolutionError(details)}
	}
}

func (p *Provider) ask(ctx context.Context, flag string, evaluation of.FlattenedContext) (answer, error) {
	if time.Now().UnixMilli() < p.silentUntil.Load() {
		return answer{}, fail("GENERAL", "the server asked for silence (429)")
	}
	if evaluation == nil {
		evaluation = of.FlattenedContext{}
	}
	body, err := json.Marshal(map[string]any{"context": evaluation})
	if err != nil {
		return answer{}, fail("INVALID_CONTEXT", err.Error())
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.base+url.PathEscape(flag), bytes.NewReader(body))
	if err != nil {
		return answer{}, fail("GENERAL", err.Error())
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+p.key)
	response, err := p.client.Do(request)
	if err != nil {
		return answer{}, fail("GENERAL", "the server cannot be reached")
	}
	defer response.Body.Close()
	return p.read(response)
}

func (p *Provider) read(response *http.Response) (answer, error) {
	// Read to its end, or the connection is not used again.
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return answer{}, fail("GENERAL", "the answer broke off")
	}
	switch response.StatusCode {
	case http.StatusOK, http.StatusBadRequest, http.StatusNotFound:
	case http.StatusTooManyRequests:
		p.silentUntil.Store(time.Now().Add(retryAfter(response.Header.Get("Retry-After"))).UnixMilli())
		return answer{}, fail("GENERAL", "too many requests (429)")
	default:
		return answer{}, fail("GENERAL", fmt.Sprintf("the server answered %d", response.StatusCode))
	}
	var found answer
	if err := json.Unmarshal(text, &found); err != nil {
		return answer{}, fail("PARSE_ERROR", "the answer is no JSON")
	}
	if response.StatusCode != http.StatusOK || found.ErrorCode != "" {
		return answer{}, fail(found.ErrorCode, found.ErrorDetails)
	}
	return found, nil
}

// Seconds, or a date; a second where there is neither.
func retryAfter(header string) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil && seconds >= 0 {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return time.Until(at)
	}
	return time.Second
}

func resolve[T any](p *Provider, ctx context.Context, flag string, fallback T, evaluation of.FlattenedContext, convert func(any) (T, bool)) of.GenericResolutionDetail[T] {
	found, err := p.ask(ctx, flag, evaluation)
	if err == nil && found.Value != nil {
		value, fits := convert(found.Value)
		if fits {
			return of.GenericResolutionDetail[T]{Value: value, ProviderResolutionDetail: of.ProviderResolutionDetail{
				Reason: of.Reason(found.Reason), Variant: found.Variant, FlagMetadata: found.Metadata,
			}}
		}
		err = fail("TYPE_MISMATCH", fmt.Sprintf("the flag's value is a %T", found.Value))
	}
	if err == nil {
		// An answer without a value leaves the choice to the code.
		return of.GenericResolutionDetail[T]{Value: fallback, ProviderResolutionDetail: of.ProviderResolutionDetail{Reason: of.Reason(found.Reason), Variant: found.Variant}}
	}
	var told failure
	if !errors.As(err, &told) {
		told = failure{of.NewGeneralResolutionError(err.Error())}
	}
	return of.GenericResolutionDetail[T]{Value: fallback, ProviderResolutionDetail: of.ProviderResolutionDetail{ResolutionError: told.resolution, Reason: of.ErrorReason}}
}

func as[T any](value any) (T, bool) {
	typed, fits := value.(T)
	return typed, fits
}

// BooleanEvaluation evaluates a BOOLEAN flag.
func (p *Provider) BooleanEvaluation(ctx context.Context, flag string, fallback bool, evaluation of.FlattenedContext) of.BoolResolutionDetail {
	return resolve(p, ctx, flag, fallback, evaluation, as[bool])
}

// StringEvaluation evaluates a STRING flag.
func (p *Provider) StringEvaluation(ctx context.Context, flag string, fallback string, evaluation of.FlattenedContext) of.StringResolutionDetail {
	return resolve(p, ctx, flag, fallback, evaluation, as[string])
}

// FloatEvaluation evaluates a NUMBER flag.
func (p *Provider) FloatEvaluation(ctx context.Context, flag string, fallback float64, evaluation of.FlattenedContext) of.FloatResolutionDetail {
	return resolve(p, ctx, flag, fallback, evaluation, as[float64])
}

// IntEvaluation evaluates a NUMBER flag whose value is a whole number.
func (p *Provider) IntEvaluation(ctx context.Context, flag string, fallback int64, evaluation of.FlattenedContext) of.IntResolutionDetail {
	return resolve(p, ctx, flag, fallback, evaluation, func(value any) (int64, bool) {
		number, fits := value.(float64)
		return int64(number), fits && number == math.Trunc(number) && math.Abs(number) <= 1<<53
	})
}

// ObjectEvaluation evaluates a JSON flag.
func (p *Provider) ObjectEvaluation(ctx context.Context, flag string, fallback any, evaluation of.FlattenedContext) of.InterfaceResolutionDetail {
	return resolve(p, ctx, flag, fallback, evaluation, func(value any) (any, bool) { return value, true })
}
