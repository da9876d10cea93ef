import { Controller, Get } from '@nestjs/common';
import type { Principal } from '@pataka/contracts';
import { Caller } from '@pataka/platform';

/** What is running, for whoever opens it in a browser, and who a credential is. */
@Controller()
export class SessionController {
  @Get()
  about(): object {
    return {
      name: 'Pataka', description: 'Feature flags and experiments for fleets',
      signIn: 'Send Authorization: Bearer <token>, or X-API-Key: <token>; the bootstrap tokens were printed at the first start',
      links: { flags: '/api/flags', experiments: '/api/experiments', session: '/api/session', health: '/health/ready', description: '/openapi.json' },
    };
  }

  @Get('api/session')
  session(@Caller() principal: Principal): Principal {
    return principal;
  }
}
