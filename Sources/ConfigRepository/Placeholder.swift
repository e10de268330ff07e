enum ConfigRepositoryRoom {}
