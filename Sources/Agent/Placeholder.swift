enum AgentRoom {}
