/// Apus's set of grok patterns: the names that users of grok know, written anew.
enum GrokPatterns {
    static let basic = #"""
        # Words and numbers
        WORD \b\w+\b
        NOTSPACE \S+
        SPACE \s*
        DATA .*?
        GREEDYDATA .*
        GREEDYMULTILINE (?s:.*)
        USERNAME [A-Za-z0-9._-]+
        USER %{USERNAME}
        EMAILLOCALPART [A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}
        EMAILADDRESS %{EMAILLOCALPART}@%{HOSTNAME}
        INT [+-]?[0-9]+
        POSINT \b[1-9][0-9]*\b
        NONNEGINT \b[0-9]+\b
        BASE10NUM (?<![0-9.+-])[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)
        NUMBER %{BASE10NUM}
        BASE16NUM (?<![0-9A-Fa-f])[+-]?(?:0x)?[0-9A-Fa-f]+
        BASE16FLOAT (?<![0-9A-Fa-f.])[+-]?(?:0x)?(?:[0-9A-Fa-f]+(?:\.[0-9A-Fa-f]*)?|\.[0-9A-Fa-f]+)
        QUOTEDSTRING (?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)
        QS %{QUOTEDSTRING}
        UUID [0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}
        BOOL (?i:true|false)
        URN urn:[0-9A-Za-z][0-9A-Za-z-]{0,31}:[^\s"]+

        # Machines
        CISCOMAC (?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}
        WINDOWSMAC (?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2}
        COMMONMAC (?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}
        MAC (?:%{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC})
        IPV4 (?<![0-9.])(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(?![0-9])
        IPV6 (?<![0-9A-Fa-f:])(?=[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:)(?:[0-9A-Fa-f]{0,4}:){2,7}(?:%{IPV4}|[0-9A-Fa-f]{0,4})(?:%[0-9A-Za-z]+)?
        IP (?:%{IPV6}|%{IPV4})
        HOSTNAME \b[0-9A-Za-z_](?:[0-9A-Za-z_-]{0,62}[0-9A-Za-z_])?(?:\.[0-9A-Za-z_](?:[0-9A-Za-z_-]{0,62}[0-9A-Za-z_])?)*\.?
        HOST %{HOSTNAME}
        IPORHOST (?:%{IP}|%{HOSTNAME})
        HOSTPORT %{IPORHOST}:%{POSINT}

        # Places
        UNIXPATH (?:/[^\s/]*)+
        WINPATH (?:[A-Za-z]:|\\)(?:\\[^\\?*\s]*)+
        PATH (?:%{UNIXPATH}|%{WINPATH})
        TTY /dev/(?:pts|tty)[^\s]*
        URIPROTO [A-Za-z][A-Za-z0-9+.-]*
        URIHOST %{IPORHOST}(?::%{POSINT:port})?
        URIPATH /[^\s?#]*
        URIQUERY [^\s#]*
        URIPARAM \?%{URIQUERY}
        URIPATHPARAM %{URIPATH}(?:%{URIPARAM})?
        URI %{URIPROTO}://(?:%{USER}(?::[^@\s]*)?@)?(?:%{URIHOST})?(?:%{URIPATHPARAM})?

        # Times
        MONTH \b(?:[Jj]an(?:uary)?|[Ff]eb(?:ruary)?|[Mm]ar(?:ch)?|[Aa]pr(?:il)?|[Mm]ay|[Jj]une?|[Jj]uly?|[Aa]ug(?:ust)?|[Ss]ep(?:t(?:ember)?)?|[Oo]ct(?:ober)?|[Nn]ov(?:ember)?|[Dd]ec(?:ember)?)\b
        MONTHNUM (?:0?[1-9]|1[0-2])
        MONTHNUM2 (?:0[1-9]|1[0-2])
        MONTHDAY (?:0[1-9]|[12][0-9]|3[01]|[1-9])
        DAY \b(?:Mon(?:day)?|Tue(?:s(?:day)?)?|Wed(?:nesday)?|Thu(?:rs(?:day)?)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)\b
        YEAR [0-9]{4}|[0-9]{2}
        HOUR (?:2[0-3]|[01]?[0-9])
        MINUTE [0-5][0-9]
        SECOND (?:[0-5]?[0-9]|60)(?:[:.,][0-9]+)?
        TIME (?<![0-9])%{HOUR}:%{MINUTE}(?::%{SECOND})?(?![0-9])
        DATE_US %{MONTHNUM}[/-]%{MONTHDAY}[/-](?:%{YEAR})
        DATE_EU %{MONTHDAY}[./-]%{MONTHNUM}[./-](?:%{YEAR})
        DATE (?:%{DATE_US}|%{DATE_EU})
        DATESTAMP %{DATE}[- ]%{TIME}
        ISO8601_TIMEZONE (?:Z|[+-]%{HOUR}(?::?%{MINUTE})?)
        ISO8601_SECOND %{SECOND}
        TIMESTAMP_ISO8601 [0-9]{4}-%{MONTHNUM2}-[0-3][0-9][T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?(?: ?%{ISO8601_TIMEZONE})?
        TZ (?:[APMCE][SD]T|UTC|GMT|CES?T)
        DATESTAMP_RFC822 %{DAY},? %{MONTHDAY} %{MONTH} [0-9]{4} %{TIME} (?:%{TZ}|%{ISO8601_TIMEZONE})
        DATESTAMP_RFC2822 %{DATESTAMP_RFC822}
        DATESTAMP_OTHER %{DAY} %{MONTH} +%{MONTHDAY} %{TIME} %{TZ} [0-9]{4}
        DATESTAMP_EVENTLOG [0-9]{4}%{MONTHNUM2}[0-3][0-9]%{HOUR}%{MINUTE}%{SECOND}
        HTTPDATE %{MONTHDAY}/%{MONTH}/[0-9]{4}:%{TIME} %{INT}
        SYSLOGTIMESTAMP %{MONTH} +%{MONTHDAY} %{TIME}

        # Levels
        LOGLEVEL (?i:trace|debug|notice|info(?:rmation(?:al)?)?|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|severe|alert|emerg(?:ency)?|panic)

        """#

    static let servers = #"""
        # Syslog
        PROG [!-9;-Z\\^-~]+
        SYSLOGPROG %{PROG:app}(?:\[%{POSINT:pid}\])?
        SYSLOGHOST %{IPORHOST}
        SYSLOGFACILITY <%{NONNEGINT:facility}\.%{NONNEGINT:priority}>
        SYSLOGBASE %{SYSLOGTIMESTAMP:timestamp} (?:%{SYSLOGFACILITY} )?%{SYSLOGHOST:host} %{SYSLOGPROG}:
        SYSLOGLINE %{SYSLOGBASE} %{GREEDYDATA:message}
        SYSLOG5424PRI <%{NONNEGINT:priority}>
        SYSLOG5424SD (?:\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\])+
        SYSLOG5424BASE %{SYSLOG5424PRI}%{NONNEGINT:version} (?:%{TIMESTAMP_ISO8601:timestamp}|-) (?:%{IPORHOST:host}|-) (?:%{NOTSPACE:app}|-) (?:%{NOTSPACE:pid}|-) (?:%{NOTSPACE:msgid}|-) (?:%{SYSLOG5424SD:data}|-)
        SYSLOG5424LINE %{SYSLOG5424BASE} ?%{GREEDYDATA:message}

        # Servers of the web
        HTTPDUSER (?:%{EMAILADDRESS}|%{USER})
        HTTPREQUEST (?:%{WORD:method} %{NOTSPACE:path}(?: HTTP/%{NUMBER:http_version})?|%{DATA:request})
        HTTPD_COMMONLOG %{IPORHOST:client} (?:%{HTTPDUSER:ident}|-) (?:%{HTTPDUSER:user}|-) \[%{HTTPDATE:timestamp}\] "%{HTTPREQUEST}" (?:-|%{INT:status:int}) (?:-|%{INT:bytes:int})
        HTTPD_COMBINEDLOG %{HTTPD_COMMONLOG} "(?:-|%{DATA:referrer})" "(?:-|%{DATA:user_agent})"
        COMMONAPACHELOG %{HTTPD_COMMONLOG}
        COMBINEDAPACHELOG %{HTTPD_COMBINEDLOG}
        HTTPD_ERRORLOG \[(?:%{DAY} )?%{MONTH} +%{MONTHDAY} %{TIME}(?: [0-9]{4})?\] \[(?:%{WORD:module})?:?%{LOGLEVEL:loglevel}\] (?:\[pid %{POSINT:pid:int}(?::tid %{NONNEGINT:tid:int})?\] )?(?:\[client %{NOTSPACE:client}\] )?%{GREEDYDATA:message}
        NGINXERROR %{DATA:timestamp} \[%{LOGLEVEL:loglevel}\] %{POSINT:pid:int}#%{NONNEGINT:tid:int}: (?:\*%{NONNEGINT:connection:int} )?%{GREEDYDATA:message}
        HAPROXYTIME %{HOUR}:%{MINUTE}:%{SECOND}
        HAPROXYDATE %{MONTHDAY}/%{MONTH}/[0-9]{4}:%{HAPROXYTIME}
        HAPROXYHTTP %{IP:client}:%{INT:port:int} \[%{HAPROXYDATE:accept_date}\] %{NOTSPACE:frontend} %{NOTSPACE:backend}/%{NOTSPACE:server} %{INT:request_ms:int}/%{INT:queue_ms:int}/%{INT:connect_ms:int}/%{INT:response_ms:int}/%{NOTSPACE:total_ms} %{INT:status:int} %{NOTSPACE:bytes} %{NOTSPACE} %{NOTSPACE} %{NOTSPACE:termination} %{NOTSPACE:connections} %{NOTSPACE:queues} (?:\{[^}]*\} ?){0,2}"%{DATA:request}"?$

        # Programs
        JAVACLASS (?:[A-Za-z$_][A-Za-z0-9$_]*\.)*[A-Za-z$_][A-Za-z0-9$_]*
        JAVAMETHOD (?:<(?:cl)?init>|[A-Za-z$_][A-Za-z0-9$_]*)
        JAVAFILE [A-Za-z$_0-9. -]+
        JAVATHREAD [A-Z]{2}-Processor[0-9]+
        JAVASTACKTRACEPART \s*at %{JAVACLASS:class}\.%{JAVAMETHOD:method}\(%{JAVAFILE:file}(?::%{INT:line:int})?\)
        JAVALOGMESSAGE .*
        PYTHONLOG %{TIMESTAMP_ISO8601:timestamp} - %{NOTSPACE:logger} - %{LOGLEVEL:loglevel} - %{GREEDYDATA:message}
        RUBY_LOGGER [DFEWIA], \[%{TIMESTAMP_ISO8601:timestamp} #%{POSINT:pid:int}\] +%{LOGLEVEL:loglevel} -- +%{DATA:progname}: %{GREEDYDATA:message}
        REDISTIMESTAMP %{MONTHDAY} %{MONTH} (?:[0-9]{4} )?%{TIME}
        REDISLOG %{POSINT:pid:int}:%{WORD:role} %{REDISTIMESTAMP:timestamp} [.*#-] %{GREEDYDATA:message}
        POSTGRESQL %{TIMESTAMP_ISO8601:timestamp} %{TZ} (?:\[%{POSINT:pid:int}\] )?%{DATA:connection} ?%{WORD:loglevel}: +%{GREEDYDATA:message}
        MONGO_LOG %{TIMESTAMP_ISO8601:timestamp} %{WORD:severity} %{WORD:component} +\[%{DATA:context}\] %{GREEDYDATA:message}
        CRON_ACTION [A-Z ]+
        CRONLOG %{SYSLOGBASE} \(%{USER:user}\) %{CRON_ACTION:action} \(%{DATA:message}\)

        """#
}
