module ordered-peers

go 1.19
