// The driver service of FleetFlow, as far as flags go: GET /drivers/{id}/score?language=hi-IN&safety=0.9&fuel=0.5&punctuality=0.8
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"os"
	"strconv"

	"example.com/fleetflow/driver-service/fleet"
	"example.com/fleetflow/driver-service/ofrep"
	of "github.com/open-feature/go-sdk/openfeature"
)

func tripsOf(request *http.Request) fleet.Trips {
	trips := fleet.Trips{}
	for _, name := range []string{"safety", "fuel", "punctuality"} {
		figure, err := strconv.ParseFloat(request.URL.Query().Get(name), 64)
		if err == nil {
			trips[name] = figure
		}
	}
	return trips
}

func main() {
	if err := of.SetProviderAndWait(ofrep.New(os.Getenv("OFREP_ENDPOINT"), os.Getenv("PATAKA_SERVER_KEY"), nil)); err != nil {
		log.Fatal(err)
	}
	service := fleet.NewDriverService(fleet.NewFlags(of.NewDefaultClient()))
	http.HandleFunc("GET /drivers/{id}/score", func(response http.ResponseWriter, request *http.Request) {
		id, err := strconv.ParseUint(request.PathValue("id"), 10, 64)
		if err != nil {
			http.Error(response, "the id is no number", http.StatusBadRequest)
			return
		}
		response.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(response).Encode(service.CalculateDriverScore(request.Context(), id, request.URL.Query().Get("language"), tripsOf(request)))
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:8090", nil))
}
