-- wrk's requests are POSTs, each with another body.
local number = 0

function request()
   number = number + 1
   return wrk.format("POST", nil, nil, "order " .. number)
end
