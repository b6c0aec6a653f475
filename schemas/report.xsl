<?xml version="1.0" encoding="UTF-8"?>
<!--
  From the summary (lib/report) to the page. XSLT 1.0, no extension, no other document. Words come from
  report-words.xml, which stands at the end of the summary. Sums are texts with a point and are never turned into
  numbers here: a number of XSLT is a double.
  The page is HTML and well-formed XML at once, so the style holds none of the characters that XML must escape.
-->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output method="xml" encoding="UTF-8" indent="no" omit-xml-declaration="yes"/>
  <xsl:strip-space elements="*"/>
  <xsl:key name="w" match="/report/words/w" use="@id"/>
  <xsl:variable name="lang" select="string(/report/language)"/>

  <!-- ==== words, numbers, dates ==== -->

  <xsl:template name="w">
    <xsl:param name="id"/>
    <xsl:value-of select="key('w', $id)/@*[name() = $lang]"/>
  </xsl:template>

  <!-- A word that may be missing: then what the program calls it. -->
  <xsl:template name="state">
    <xsl:param name="kind" select="'state'"/>
    <xsl:param name="name" select="state"/>
    <xsl:variable name="id" select="concat($kind, '.', $name)"/>
    <xsl:choose>
      <xsl:when test="key('w', $id)"><xsl:call-template name="w"><xsl:with-param name="id" select="$id"/></xsl:call-template></xsl:when>
      <xsl:otherwise><xsl:value-of select="$name"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <!-- Reasons and steps are written to stand inside a sentence. -->
  <xsl:template name="sentence">
    <xsl:param name="words" select="words"/>
    <xsl:value-of select="translate(substring($words, 1, 1), 'abcdefghijklmnopqrstuvwxyzæøå', 'ABCDEFGHIJKLMNOPQRSTUVWXYZÆØÅ')"/>
    <xsl:value-of select="substring($words, 2)"/>
  </xsl:template>

  <xsl:template name="digits">
    <xsl:param name="n"/>
    <xsl:variable name="len" select="string-length($n)"/>
    <xsl:choose>
      <xsl:when test="$len &gt; 3">
        <xsl:call-template name="digits"><xsl:with-param name="n" select="substring($n, 1, $len - 3)"/></xsl:call-template>
        <xsl:call-template name="w"><xsl:with-param name="id" select="'thousands'"/></xsl:call-template>
        <xsl:value-of select="substring($n, $len - 2)"/>
      </xsl:when>
      <xsl:otherwise><xsl:value-of select="$n"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <xsl:template name="amount">
    <xsl:param name="sum" select="sum"/>
    <xsl:call-template name="digits"><xsl:with-param name="n" select="substring-before($sum, '.')"/></xsl:call-template>
    <xsl:if test="$sum != ''">
      <xsl:call-template name="w"><xsl:with-param name="id" select="'decimal'"/></xsl:call-template>
      <xsl:value-of select="substring-after($sum, '.')"/>
    </xsl:if>
  </xsl:template>

  <xsl:template name="code">
    <xsl:param name="code" select="currency"/>
    <xsl:choose>
      <xsl:when test="$code = 'XXX'"><xsl:call-template name="w"><xsl:with-param name="id" select="'currency.XXX'"/></xsl:call-template></xsl:when>
      <xsl:otherwise><xsl:value-of select="$code"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <!-- Amount and currency, kept on one line. -->
  <xsl:template name="money">
    <xsl:param name="sum" select="sum"/>
    <xsl:param name="code" select="currency"/>
    <xsl:call-template name="amount"><xsl:with-param name="sum" select="$sum"/></xsl:call-template>
    <xsl:text>&#160;</xsl:text>
    <xsl:call-template name="code"><xsl:with-param name="code" select="$code"/></xsl:call-template>
  </xsl:template>

  <!-- "1 payment", "3 payments". -->
  <xsl:template name="count">
    <xsl:param name="n"/>
    <xsl:param name="of"/>
    <xsl:call-template name="digits"><xsl:with-param name="n" select="string($n)"/></xsl:call-template>
    <xsl:text>&#160;</xsl:text>
    <xsl:call-template name="one-many"><xsl:with-param name="n" select="$n"/><xsl:with-param name="of" select="$of"/></xsl:call-template>
  </xsl:template>

  <xsl:template name="one-many">
    <xsl:param name="n"/>
    <xsl:param name="of"/>
    <xsl:choose>
      <xsl:when test="$n = 1"><xsl:call-template name="w"><xsl:with-param name="id" select="concat($of, '.one')"/></xsl:call-template></xsl:when>
      <xsl:otherwise><xsl:call-template name="w"><xsl:with-param name="id" select="concat($of, '.many')"/></xsl:call-template></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <!-- Hundredths of a percent as a percentage; what is there never reads as nothing. -->
  <xsl:template name="share">
    <xsl:param name="share" select="share"/>
    <xsl:variable name="tenths" select="floor(($share + 5) div 10)"/>
    <xsl:choose>
      <xsl:when test="$tenths = 0 and translate(sum, '0.', '') != ''">
        <xsl:text>&lt;&#160;0</xsl:text>
        <xsl:call-template name="w"><xsl:with-param name="id" select="'decimal'"/></xsl:call-template>
        <xsl:text>1</xsl:text>
      </xsl:when>
      <xsl:otherwise>
        <xsl:value-of select="floor($tenths div 10)"/>
        <xsl:call-template name="w"><xsl:with-param name="id" select="'decimal'"/></xsl:call-template>
        <xsl:value-of select="$tenths mod 10"/>
      </xsl:otherwise>
    </xsl:choose>
    <xsl:text>&#160;%</xsl:text>
  </xsl:template>

  <xsl:template name="date">
    <xsl:param name="date" select="."/>
    <xsl:value-of select="number(substring($date, 9, 2))"/>
    <xsl:call-template name="w"><xsl:with-param name="id" select="'day.after'"/></xsl:call-template>
    <xsl:text>&#160;</xsl:text>
    <xsl:call-template name="w"><xsl:with-param name="id" select="concat('month.', substring($date, 6, 2))"/></xsl:call-template>
    <xsl:text> </xsl:text>
    <xsl:value-of select="substring($date, 1, 4)"/>
  </xsl:template>

  <xsl:template name="day">
    <xsl:param name="date" select="."/>
    <time datetime="{$date}"><xsl:call-template name="date"><xsl:with-param name="date" select="$date"/></xsl:call-template></time>
  </xsl:template>

  <xsl:template name="time">
    <xsl:param name="at"/>
    <time datetime="{$at/utc}">
      <xsl:call-template name="date"><xsl:with-param name="date" select="$at/date"/></xsl:call-template>
      <xsl:call-template name="w"><xsl:with-param name="id" select="'clock'"/></xsl:call-template>
      <xsl:value-of select="$at/clock"/>
    </time>
  </xsl:template>

  <xsl:template name="more">
    <xsl:param name="n" select="more"/>
    <xsl:if test="$n &gt; 0">
      <p class="more">
        <xsl:choose>
          <xsl:when test="$n = 1"><xsl:call-template name="w"><xsl:with-param name="id" select="'more.one'"/></xsl:call-template></xsl:when>
          <xsl:otherwise>
            <xsl:call-template name="w"><xsl:with-param name="id" select="'and'"/></xsl:call-template>
            <xsl:text> </xsl:text>
            <xsl:call-template name="digits"><xsl:with-param name="n" select="string($n)"/></xsl:call-template>
            <xsl:text> </xsl:text>
            <xsl:call-template name="w"><xsl:with-param name="id" select="'more.many'"/></xsl:call-template>
          </xsl:otherwise>
        </xsl:choose>
      </p>
    </xsl:if>
  </xsl:template>

  <!-- A head of a column; `look` n: of numbers. Roles are written out, because narrow screens show rows as blocks. -->
  <xsl:template name="th">
    <xsl:param name="id"/>
    <xsl:param name="look"/>
    <th scope="col" role="columnheader">
      <xsl:if test="$look"><xsl:attribute name="class"><xsl:value-of select="$look"/></xsl:attribute></xsl:if>
      <xsl:call-template name="w"><xsl:with-param name="id" select="$id"/></xsl:call-template>
    </th>
  </xsl:template>

  <xsl:template name="label">
    <xsl:param name="id"/>
    <xsl:attribute name="role">cell</xsl:attribute>
    <xsl:attribute name="data-label"><xsl:call-template name="w"><xsl:with-param name="id" select="$id"/></xsl:call-template></xsl:attribute>
  </xsl:template>

  <xsl:template name="h2">
    <xsl:param name="id"/>
    <h2 id="{$id}-h"><xsl:call-template name="w"><xsl:with-param name="id" select="$id"/></xsl:call-template></h2>
  </xsl:template>

  <xsl:template name="p">
    <xsl:param name="id"/>
    <xsl:param name="class" select="'note'"/>
    <p class="{$class}"><xsl:call-template name="w"><xsl:with-param name="id" select="$id"/></xsl:call-template></p>
  </xsl:template>

  <xsl:template name="caption">
    <xsl:param name="id"/>
    <caption><xsl:call-template name="w"><xsl:with-param name="id" select="$id"/></xsl:call-template></caption>
  </xsl:template>

  <!-- ==== the page ==== -->

  <xsl:template match="/report">
    <html lang="{$lang}">
      <head>
        <meta http-equiv="Content-Type" content="text/html; charset=UTF-8"/>
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <meta name="color-scheme" content="light dark"/>
        <meta name="robots" content="noindex"/>
        <title><xsl:call-template name="title"/> · nks</title>
        <style><xsl:call-template name="style"/></style>
      </head>
      <body>
        <a class="skip" href="#main"><xsl:call-template name="w"><xsl:with-param name="id" select="'skip'"/></xsl:call-template></a>
        <header>
          <xsl:if test="environment = 'test'"><xsl:call-template name="p"><xsl:with-param name="id" select="'test'"/><xsl:with-param name="class" select="'test'"/></xsl:call-template></xsl:if>
          <h1><xsl:call-template name="title"/></h1>
          <xsl:call-template name="lead"/>
          <xsl:if test="batch or received"><xsl:call-template name="facts"/></xsl:if>
          <xsl:call-template name="contents"/>
        </header>
        <main id="main" tabindex="-1">
          <xsl:choose>
            <xsl:when test="kind = 'night'"><xsl:call-template name="night"/></xsl:when>
            <xsl:otherwise><xsl:call-template name="one"/></xsl:otherwise>
          </xsl:choose>
        </main>
        <footer>
          <p><xsl:call-template name="w"><xsl:with-param name="id" select="'private'"/></xsl:call-template></p>
          <p>
            <xsl:call-template name="w"><xsl:with-param name="id" select="'footer'"/></xsl:call-template>
            <xsl:text> </xsl:text><xsl:value-of select="version"/><xsl:text>, </xsl:text>
            <xsl:call-template name="time"><xsl:with-param name="at" select="made"/></xsl:call-template>
            <xsl:text>.</xsl:text>
          </p>
        </footer>
      </body>
    </html>
  </xsl:template>

  <xsl:template name="title">
    <xsl:choose>
      <xsl:when test="kind = 'night'">
        <xsl:call-template name="w"><xsl:with-param name="id" select="'night'"/></xsl:call-template>
        <xsl:text> </xsl:text>
        <xsl:call-template name="date"><xsl:with-param name="date" select="date"/></xsl:call-template>
      </xsl:when>
      <xsl:when test="batch">
        <xsl:call-template name="w"><xsl:with-param name="id" select="'batch'"/></xsl:call-template>
        <xsl:text>&#160;</xsl:text><xsl:value-of select="batch/number"/>
      </xsl:when>
      <xsl:otherwise>
        <xsl:call-template name="w"><xsl:with-param name="id" select="'delivery'"/></xsl:call-template>
        <xsl:text>&#160;#</xsl:text><xsl:value-of select="received/delivery"/>
      </xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <!-- What a person must know, in one or two sentences. -->
  <xsl:template name="lead">
    <xsl:choose>
      <xsl:when test="kind = 'night'"><xsl:call-template name="lead-night"/></xsl:when>
      <xsl:when test="batch/state = 'ACCEPTED'"><xsl:call-template name="lead-batch"/></xsl:when>
      <xsl:when test="batch/state = 'READING'"><xsl:call-template name="p"><xsl:with-param name="id" select="'lead.reading'"/><xsl:with-param name="class" select="'lead'"/></xsl:call-template></xsl:when>
      <xsl:when test="batch/state = 'REFUSED' or received/state = 'REFUSED'"><xsl:call-template name="p"><xsl:with-param name="id" select="'lead.refused'"/><xsl:with-param name="class" select="'lead'"/></xsl:call-template></xsl:when>
      <xsl:when test="received/state = 'REPEATED'"><xsl:call-template name="p"><xsl:with-param name="id" select="'lead.repeated'"/><xsl:with-param name="class" select="'lead'"/></xsl:call-template></xsl:when>
      <xsl:when test="received/state = 'ODD'"><xsl:call-template name="p"><xsl:with-param name="id" select="'lead.odd'"/><xsl:with-param name="class" select="'lead'"/></xsl:call-template></xsl:when>
      <xsl:when test="received/state = 'ACCEPTED'"><xsl:call-template name="p"><xsl:with-param name="id" select="'lead.answer'"/><xsl:with-param name="class" select="'lead'"/></xsl:call-template></xsl:when>
      <xsl:otherwise><xsl:call-template name="p"><xsl:with-param name="id" select="'lead.waits'"/><xsl:with-param name="class" select="'lead'"/></xsl:call-template></xsl:otherwise>
    </xsl:choose>
    <xsl:variable name="why" select="(batch[code] | received[code and not(../batch/code)])[1]"/>
    <xsl:if test="$why">
      <p class="lead"><span class="code"><xsl:value-of select="$why/code"/></span><xsl:text> </xsl:text><xsl:call-template name="sentence"><xsl:with-param name="words" select="$why/words"/></xsl:call-template>.</p>
    </xsl:if>
  </xsl:template>

  <xsl:template name="lead-batch">
    <xsl:variable name="rejected" select="sum(outcomes/outcome[name = 'REJECTED']/payments)"/>
    <xsl:variable name="waiting" select="sum(outcomes/outcome[name = 'WAITING']/payments)"/>
    <p class="lead">
      <strong><xsl:value-of select="batch/payer"/></strong>
      <xsl:text> </xsl:text>
      <xsl:call-template name="w"><xsl:with-param name="id" select="'lead.asked'"/></xsl:call-template>
      <xsl:text> </xsl:text>
      <xsl:call-template name="count"><xsl:with-param name="n" select="batch/payments"/><xsl:with-param name="of" select="'payment'"/></xsl:call-template>
      <xsl:text> </xsl:text>
      <xsl:call-template name="worth"/>
      <xsl:text>. </xsl:text>
      <xsl:call-template name="lead-rejected"><xsl:with-param name="n" select="$rejected"/></xsl:call-template>
      <xsl:if test="$waiting &gt; 0">
        <xsl:text> </xsl:text>
        <xsl:call-template name="digits"><xsl:with-param name="n" select="string($waiting)"/></xsl:call-template>
        <xsl:text> </xsl:text>
        <xsl:call-template name="one-many"><xsl:with-param name="n" select="$waiting"/><xsl:with-param name="of" select="'lead.waiting'"/></xsl:call-template>
      </xsl:if>
    </p>
  </xsl:template>

  <xsl:template name="worth">
    <xsl:if test="money/currency">
      <xsl:call-template name="w"><xsl:with-param name="id" select="'lead.worth'"/></xsl:call-template>
      <xsl:text> </xsl:text>
      <xsl:for-each select="money/currency[1]"><strong><xsl:call-template name="money"><xsl:with-param name="code" select="code"/></xsl:call-template></strong></xsl:for-each>
      <xsl:if test="money/currency[2]">
        <xsl:text> </xsl:text>
        <xsl:call-template name="w"><xsl:with-param name="id" select="'other-currencies'"/></xsl:call-template>
      </xsl:if>
    </xsl:if>
  </xsl:template>

  <xsl:template name="lead-rejected">
    <xsl:param name="n"/>
    <xsl:choose>
      <xsl:when test="$n = 0"><xsl:call-template name="w"><xsl:with-param name="id" select="'lead.rejected.none'"/></xsl:call-template></xsl:when>
      <xsl:otherwise>
        <xsl:call-template name="digits"><xsl:with-param name="n" select="string($n)"/></xsl:call-template>
        <xsl:text> </xsl:text>
        <xsl:call-template name="one-many"><xsl:with-param name="n" select="$n"/><xsl:with-param name="of" select="'lead.rejected'"/></xsl:call-template>
      </xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <xsl:template name="lead-night">
    <xsl:choose>
      <xsl:when test="counts/received = 0"><xsl:call-template name="p"><xsl:with-param name="id" select="'lead.empty'"/><xsl:with-param name="class" select="'lead'"/></xsl:call-template></xsl:when>
      <xsl:otherwise>
        <p class="lead">
          <xsl:call-template name="count"><xsl:with-param name="n" select="counts/received"/><xsl:with-param name="of" select="'file'"/></xsl:call-template>
          <xsl:text> </xsl:text>
          <xsl:call-template name="w"><xsl:with-param name="id" select="'lead.received'"/></xsl:call-template>
          <xsl:call-template name="lead-state"><xsl:with-param name="n" select="counts/accepted"/><xsl:with-param name="id" select="'lead.accepted'"/><xsl:with-param name="before" select="': '"/></xsl:call-template>
          <xsl:call-template name="lead-state"><xsl:with-param name="n" select="counts/refused"/><xsl:with-param name="id" select="'lead.file-refused'"/></xsl:call-template>
          <xsl:call-template name="lead-state"><xsl:with-param name="n" select="counts/repeated"/><xsl:with-param name="id" select="'lead.file-repeated'"/></xsl:call-template>
          <xsl:call-template name="lead-state"><xsl:with-param name="n" select="counts/odd"/><xsl:with-param name="id" select="'lead.file-odd'"/></xsl:call-template>
          <xsl:text>.</xsl:text>
          <xsl:if test="counts/payments &gt; 0">
            <xsl:text> </xsl:text>
            <xsl:call-template name="count"><xsl:with-param name="n" select="counts/payments"/><xsl:with-param name="of" select="'payment'"/></xsl:call-template>
            <xsl:text> </xsl:text>
            <xsl:call-template name="worth"/>
            <xsl:text>. </xsl:text>
            <xsl:call-template name="lead-rejected"><xsl:with-param name="n" select="sum(outcomes/outcome[name = 'REJECTED']/payments)"/></xsl:call-template>
          </xsl:if>
        </p>
      </xsl:otherwise>
    </xsl:choose>
    <xsl:if test="bankday">
      <p class="lead">
        <xsl:call-template name="w"><xsl:with-param name="id" select="'bankday'"/></xsl:call-template>
        <xsl:text> </xsl:text>
        <xsl:call-template name="day"><xsl:with-param name="date" select="bankday"/></xsl:call-template>
        <xsl:text>.</xsl:text>
      </p>
    </xsl:if>
  </xsl:template>

  <xsl:template name="lead-state">
    <xsl:param name="n"/>
    <xsl:param name="id"/>
    <xsl:param name="before" select="', '"/>
    <xsl:if test="$n &gt; 0 or $before = ': '">
      <xsl:value-of select="concat($before, $n, ' ')"/>
      <xsl:call-template name="w"><xsl:with-param name="id" select="$id"/></xsl:call-template>
    </xsl:if>
  </xsl:template>

  <xsl:template name="fact">
    <xsl:param name="id"/>
    <xsl:param name="value"/>
    <xsl:param name="class"/>
    <xsl:if test="string($value) != ''">
      <div>
        <dt><xsl:call-template name="w"><xsl:with-param name="id" select="$id"/></xsl:call-template></dt>
        <dd><xsl:if test="$class"><xsl:attribute name="class"><xsl:value-of select="$class"/></xsl:attribute></xsl:if><xsl:copy-of select="$value"/></dd>
      </div>
    </xsl:if>
  </xsl:template>

  <xsl:template name="facts">
    <dl class="facts">
      <xsl:call-template name="fact"><xsl:with-param name="id" select="'ref'"/><xsl:with-param name="value" select="string(batch/ref)"/><xsl:with-param name="class" select="'mono'"/></xsl:call-template>
      <xsl:call-template name="fact"><xsl:with-param name="id" select="'payer'"/><xsl:with-param name="value" select="string(batch/payer)"/></xsl:call-template>
      <xsl:call-template name="fact"><xsl:with-param name="id" select="received/source"/><xsl:with-param name="value" select="string(received/from)"/></xsl:call-template>
      <xsl:call-template name="fact">
        <xsl:with-param name="id" select="'received'"/>
        <xsl:with-param name="value"><xsl:for-each select="received"><xsl:call-template name="time"><xsl:with-param name="at" select="received"/></xsl:call-template></xsl:for-each></xsl:with-param>
      </xsl:call-template>
      <xsl:call-template name="fact"><xsl:with-param name="id" select="'message'"/><xsl:with-param name="value" select="string(batch/message)"/></xsl:call-template>
      <xsl:call-template name="fact">
        <xsl:with-param name="id" select="'state'"/>
        <xsl:with-param name="value">
          <xsl:choose>
            <xsl:when test="batch"><xsl:call-template name="state"><xsl:with-param name="name" select="batch/state"/></xsl:call-template></xsl:when>
            <xsl:otherwise><xsl:call-template name="state"><xsl:with-param name="name" select="received/state"/></xsl:call-template></xsl:otherwise>
          </xsl:choose>
        </xsl:with-param>
      </xsl:call-template>
    </dl>
  </xsl:template>

  <xsl:template name="link">
    <xsl:param name="id"/>
    <li><a href="#{$id}"><xsl:call-template name="w"><xsl:with-param name="id" select="$id"/></xsl:call-template></a></li>
  </xsl:template>

  <xsl:template name="contents">
    <nav>
      <xsl:attribute name="aria-label"><xsl:call-template name="w"><xsl:with-param name="id" select="'contents'"/></xsl:call-template></xsl:attribute>
      <ul>
        <xsl:if test="kind = 'night'">
          <xsl:call-template name="link"><xsl:with-param name="id" select="'steps'"/></xsl:call-template>
          <xsl:call-template name="link"><xsl:with-param name="id" select="'cutoffs'"/></xsl:call-template>
        </xsl:if>
        <xsl:if test="findings/finding"><xsl:call-template name="link"><xsl:with-param name="id" select="'findings'"/></xsl:call-template></xsl:if>
        <xsl:if test="money">
          <xsl:call-template name="link"><xsl:with-param name="id" select="'money'"/></xsl:call-template>
          <xsl:call-template name="link"><xsl:with-param name="id" select="'reasons'"/></xsl:call-template>
        </xsl:if>
        <xsl:if test="dates"><xsl:call-template name="link"><xsl:with-param name="id" select="'dates'"/></xsl:call-template></xsl:if>
        <xsl:choose>
          <xsl:when test="kind = 'night'">
            <xsl:call-template name="link"><xsl:with-param name="id" select="'in'"/></xsl:call-template>
            <xsl:call-template name="link"><xsl:with-param name="id" select="'written'"/></xsl:call-template>
          </xsl:when>
          <xsl:otherwise>
            <xsl:call-template name="link"><xsl:with-param name="id" select="'files'"/></xsl:call-template>
            <xsl:call-template name="link"><xsl:with-param name="id" select="'answers'"/></xsl:call-template>
          </xsl:otherwise>
        </xsl:choose>
      </ul>
    </nav>
  </xsl:template>

  <!-- One batch, or a file of which no batch was made. -->
  <xsl:template name="one">
    <xsl:if test="findings/finding"><xsl:call-template name="findings"/></xsl:if>
    <xsl:if test="money">
      <xsl:call-template name="money-section"/>
      <xsl:call-template name="reasons"/>
      <xsl:call-template name="dates"/>
    </xsl:if>
    <section id="files" aria-labelledby="files-h">
      <xsl:call-template name="h2"><xsl:with-param name="id" select="'files'"/></xsl:call-template>
      <xsl:call-template name="in-one"/>
      <xsl:if test="orders">
        <xsl:choose>
          <xsl:when test="orders/file"><xsl:for-each select="orders"><xsl:call-template name="files"><xsl:with-param name="id" select="'orders'"/><xsl:with-param name="banks" select="true()"/></xsl:call-template></xsl:for-each></xsl:when>
          <xsl:otherwise><xsl:call-template name="p"><xsl:with-param name="id" select="'orders.none'"/></xsl:call-template></xsl:otherwise>
        </xsl:choose>
      </xsl:if>
    </section>
    <xsl:call-template name="answers"/>
  </xsl:template>

  <xsl:template name="night">
    <xsl:call-template name="steps"/>
    <xsl:call-template name="cutoffs"/>
    <xsl:call-template name="money-section"/>
    <xsl:call-template name="reasons"/>
    <section id="in" aria-labelledby="in-h">
      <xsl:call-template name="h2"><xsl:with-param name="id" select="'in'"/></xsl:call-template>
      <xsl:choose>
        <xsl:when test="in/file"><xsl:call-template name="in-night"/></xsl:when>
        <xsl:otherwise><xsl:call-template name="p"><xsl:with-param name="id" select="'lead.empty'"/></xsl:call-template></xsl:otherwise>
      </xsl:choose>
    </section>
    <section id="written" aria-labelledby="written-h">
      <xsl:call-template name="h2"><xsl:with-param name="id" select="'written'"/></xsl:call-template>
      <xsl:if test="not(orders/file)"><xsl:call-template name="p"><xsl:with-param name="id" select="'orders.none'"/></xsl:call-template></xsl:if>
      <xsl:for-each select="orders[file]"><xsl:call-template name="files"><xsl:with-param name="id" select="'orders'"/></xsl:call-template></xsl:for-each>
      <xsl:for-each select="manifests[file]"><xsl:call-template name="files"><xsl:with-param name="id" select="'manifests'"/></xsl:call-template></xsl:for-each>
      <xsl:for-each select="reports[file]"><xsl:call-template name="files"><xsl:with-param name="id" select="'reports'"/></xsl:call-template></xsl:for-each>
      <xsl:for-each select="receipts[file]"><xsl:call-template name="files"><xsl:with-param name="id" select="'receipts'"/></xsl:call-template></xsl:for-each>
    </section>
  </xsl:template>

  <!-- ==== where the money went ==== -->

  <xsl:template name="money-section">
    <section id="money" aria-labelledby="money-h">
      <xsl:call-template name="h2"><xsl:with-param name="id" select="'money'"/></xsl:call-template>
      <xsl:choose>
        <xsl:when test="money/currency">
          <dl class="tiles">
            <xsl:for-each select="money/currency[1]/look">
              <div class="{name}">
                <dt><xsl:call-template name="w"><xsl:with-param name="id" select="concat('look.', name)"/></xsl:call-template></dt>
                <dd><span class="big"><xsl:call-template name="amount"/></span><xsl:text> </xsl:text><span class="unit"><xsl:call-template name="code"><xsl:with-param name="code" select="../code"/></xsl:call-template></span></dd>
              </div>
            </xsl:for-each>
          </dl>
          <xsl:for-each select="money/currency"><xsl:call-template name="currency"/></xsl:for-each>
          <xsl:call-template name="p"><xsl:with-param name="id" select="'money.note'"/></xsl:call-template>
          <xsl:call-template name="outcomes"/>
        </xsl:when>
        <xsl:otherwise><xsl:call-template name="p"><xsl:with-param name="id" select="'money.none'"/></xsl:call-template></xsl:otherwise>
      </xsl:choose>
    </section>
  </xsl:template>

  <xsl:template name="currency">
    <xsl:variable name="first" select="position() = 1"/>
    <xsl:if test="$first">
      <figure>
        <xsl:call-template name="flow"/>
        <xsl:call-template name="bars"/>
      </figure>
    </xsl:if>
    <table class="plain money" role="table">
      <caption><xsl:call-template name="w"><xsl:with-param name="id" select="'money'"/></xsl:call-template><xsl:text>, </xsl:text><xsl:call-template name="code"><xsl:with-param name="code" select="code"/></xsl:call-template></caption>
      <thead role="rowgroup">
        <tr role="row">
          <xsl:call-template name="th"><xsl:with-param name="id" select="'destination'"/></xsl:call-template>
          <xsl:call-template name="th"><xsl:with-param name="id" select="'parts'"/><xsl:with-param name="look" select="'n'"/></xsl:call-template>
          <xsl:call-template name="th"><xsl:with-param name="id" select="'amount'"/><xsl:with-param name="look" select="'n'"/></xsl:call-template>
          <xsl:call-template name="th"><xsl:with-param name="id" select="'share'"/><xsl:with-param name="look" select="'n share'"/></xsl:call-template>
        </tr>
      </thead>
      <tbody role="rowgroup">
        <xsl:for-each select="to">
          <tr role="row">
            <th scope="row" role="rowheader"><span class="swatch {look}" aria-hidden="true"></span><xsl:call-template name="w"><xsl:with-param name="id" select="concat('to.', name)"/></xsl:call-template></th>
            <td class="n" role="cell"><xsl:call-template name="digits"><xsl:with-param name="n" select="parts"/></xsl:call-template></td>
            <td class="n" role="cell"><xsl:call-template name="amount"/></td>
            <td class="n share" role="cell"><xsl:call-template name="share"/></td>
          </tr>
        </xsl:for-each>
      </tbody>
      <tfoot role="rowgroup">
        <tr role="row">
          <th scope="row" role="rowheader"><xsl:call-template name="w"><xsl:with-param name="id" select="'all'"/></xsl:call-template></th>
          <td class="n" role="cell"><xsl:call-template name="digits"><xsl:with-param name="n" select="parts"/></xsl:call-template></td>
          <td class="n" role="cell"><xsl:call-template name="amount"/></td>
          <td class="n share" role="cell"></td>
        </tr>
      </tfoot>
    </table>
  </xsl:template>

  <!-- The picture's text alternative: every destination with its amount. -->
  <xsl:template name="describe">
    <xsl:param name="id"/>
    <title xmlns="http://www.w3.org/2000/svg" id="{$id}-t"><xsl:call-template name="w"><xsl:with-param name="id" select="'money'"/></xsl:call-template><xsl:text>, </xsl:text><xsl:call-template name="money"><xsl:with-param name="code" select="code"/></xsl:call-template></title>
    <desc xmlns="http://www.w3.org/2000/svg" id="{$id}-d">
      <xsl:call-template name="w"><xsl:with-param name="id" select="'money.desc'"/></xsl:call-template>
      <xsl:for-each select="to">
        <xsl:text> </xsl:text>
        <xsl:call-template name="w"><xsl:with-param name="id" select="concat('to.', name)"/></xsl:call-template>
        <xsl:text>: </xsl:text>
        <xsl:call-template name="money"><xsl:with-param name="code" select="../code"/></xsl:call-template>
        <xsl:text>, </xsl:text>
        <xsl:call-template name="share"/>
        <xsl:text>.</xsl:text>
      </xsl:for-each>
    </desc>
  </xsl:template>

  <!-- Wide screens and paper: bands from the whole to its parts. -->
  <xsl:template name="flow">
    <svg xmlns="http://www.w3.org/2000/svg" class="flow" role="img" aria-labelledby="flow-t flow-d" viewBox="0 0 800 {height}" width="800" height="{height}">
      <xsl:call-template name="describe"><xsl:with-param name="id" select="'flow'"/></xsl:call-template>
      <xsl:for-each select="to">
        <xsl:variable name="a" select="number(left)"/>
        <xsl:variable name="b" select="number(right)"/>
        <xsl:variable name="h" select="number(height)"/>
        <path class="band {look}" d="M14,{$a} C240,{$a} 250,{$b} 476,{$b} L476,{$b + $h} C250,{$b + $h} 240,{$a + $h} 14,{$a + $h} Z"/>
        <rect class="node {look}" x="476.75" y="{$b + 0.75}" width="12.5">
          <xsl:attribute name="height"><xsl:value-of select="$h - 1.5"/></xsl:attribute>
        </rect>
        <text x="508" y="{$b + $h div 2 - 4}"><xsl:call-template name="w"><xsl:with-param name="id" select="concat('to.', name)"/></xsl:call-template></text>
        <text class="sub" x="508" y="{$b + $h div 2 + 16}">
          <xsl:call-template name="money"><xsl:with-param name="code" select="../code"/></xsl:call-template>
          <xsl:text> · </xsl:text>
          <xsl:call-template name="count"><xsl:with-param name="n" select="parts"/><xsl:with-param name="of" select="'part'"/></xsl:call-template>
        </text>
      </xsl:for-each>
      <rect class="source" x="0" y="{to[1]/left}" width="14" height="{to[last()]/left + to[last()]/height - to[1]/left}"/>
    </svg>
  </xsl:template>

  <!-- Narrow screens: a bar for each. -->
  <xsl:template name="bars">
    <svg xmlns="http://www.w3.org/2000/svg" class="bars" role="img" aria-labelledby="bars-t bars-d" viewBox="0 0 343 {count(to) * 52}" width="343" height="{count(to) * 52}">
      <xsl:call-template name="describe"><xsl:with-param name="id" select="'bars'"/></xsl:call-template>
      <xsl:for-each select="to">
        <xsl:variable name="y" select="(position() - 1) * 52"/>
        <text x="0" y="{$y + 16}"><xsl:call-template name="w"><xsl:with-param name="id" select="concat('to.', name)"/></xsl:call-template></text>
        <text class="sum" x="343" y="{$y + 16}"><xsl:call-template name="amount"/></text>
        <rect class="track" x="0" y="{$y + 26}" width="343" height="10"/>
        <rect class="node {look}" x="0.75" y="{$y + 26.75}" width="{bar - 1.5}" height="8.5"/>
      </xsl:for-each>
    </svg>
  </xsl:template>

  <xsl:template name="outcomes">
    <xsl:if test="outcomes/outcome">
      <table class="cards" role="table" id="outcomes">
        <xsl:call-template name="caption"><xsl:with-param name="id" select="'outcomes'"/></xsl:call-template>
        <thead role="rowgroup">
          <tr role="row">
            <xsl:call-template name="th"><xsl:with-param name="id" select="'outcome'"/></xsl:call-template>
            <xsl:call-template name="th"><xsl:with-param name="id" select="'payments'"/><xsl:with-param name="look" select="'n'"/></xsl:call-template>
            <xsl:call-template name="th"><xsl:with-param name="id" select="'amount'"/><xsl:with-param name="look" select="'n'"/></xsl:call-template>
          </tr>
        </thead>
        <tbody role="rowgroup">
          <xsl:for-each select="outcomes/outcome">
            <tr role="row" data-outcome="{name}">
              <th scope="row" role="rowheader"><xsl:call-template name="state"><xsl:with-param name="kind" select="'outcome'"/><xsl:with-param name="name" select="name"/></xsl:call-template></th>
              <td class="n"><xsl:call-template name="label"><xsl:with-param name="id" select="'payments'"/></xsl:call-template><xsl:call-template name="digits"><xsl:with-param name="n" select="payments"/></xsl:call-template></td>
              <td class="n"><xsl:call-template name="label"><xsl:with-param name="id" select="'amount'"/></xsl:call-template><xsl:call-template name="money"/></td>
            </tr>
          </xsl:for-each>
        </tbody>
      </table>
      <xsl:for-each select="outcomes"><xsl:call-template name="more"/></xsl:for-each>
    </xsl:if>
  </xsl:template>

  <!-- ==== reasons ==== -->

  <xsl:template name="reasons">
    <section id="reasons" aria-labelledby="reasons-h">
      <xsl:call-template name="h2"><xsl:with-param name="id" select="'reasons'"/></xsl:call-template>
      <xsl:if test="not(reasons/reason)"><xsl:call-template name="p"><xsl:with-param name="id" select="'reasons.none'"/></xsl:call-template></xsl:if>
      <xsl:for-each select="reasons/reason"><xsl:call-template name="reason"/></xsl:for-each>
    </section>
  </xsl:template>

  <xsl:template name="reason">
    <div class="reason">
      <h3 id="reason-{position()}">
        <span class="tag {why}"><xsl:call-template name="w"><xsl:with-param name="id" select="concat('why.', why)"/></xsl:call-template></span>
        <xsl:text> </xsl:text>
        <xsl:if test="code"><span class="code"><xsl:value-of select="code"/></span><xsl:text> </xsl:text></xsl:if>
        <xsl:call-template name="sentence"/>
      </h3>
      <p class="tally">
        <xsl:call-template name="count"><xsl:with-param name="n" select="payments"/><xsl:with-param name="of" select="'payment'"/></xsl:call-template>
        <xsl:for-each select="amount"><xsl:text> · </xsl:text><xsl:call-template name="money"/></xsl:for-each>
        <xsl:if test="count(place) = 1"><xsl:for-each select="place"><xsl:call-template name="place"/></xsl:for-each></xsl:if>
      </p>
      <xsl:if test="count(place) &gt; 1">
        <table class="places" role="table" aria-labelledby="reason-{position()}">
          <thead role="rowgroup">
            <tr role="row">
              <xsl:if test="place/batch"><xsl:call-template name="th"><xsl:with-param name="id" select="'batch'"/></xsl:call-template></xsl:if>
              <xsl:call-template name="th"><xsl:with-param name="id" select="'group'"/><xsl:with-param name="look" select="'n'"/></xsl:call-template>
              <xsl:call-template name="th"><xsl:with-param name="id" select="'payment'"/><xsl:with-param name="look" select="'n'"/></xsl:call-template>
              <xsl:call-template name="th"><xsl:with-param name="id" select="'amount'"/><xsl:with-param name="look" select="'n'"/></xsl:call-template>
            </tr>
          </thead>
          <tbody role="rowgroup">
            <xsl:for-each select="place">
              <tr role="row">
                <xsl:if test="batch"><td role="cell"><xsl:value-of select="batch"/><span class="wide mono"><xsl:text> </xsl:text><xsl:value-of select="ref"/></span></td></xsl:if>
                <td class="n" role="cell"><xsl:value-of select="group"/></td>
                <td class="n" role="cell"><xsl:value-of select="payment"/></td>
                <td class="n" role="cell"><xsl:call-template name="money"/></td>
              </tr>
            </xsl:for-each>
          </tbody>
        </table>
      </xsl:if>
      <xsl:call-template name="more"/>
    </div>
  </xsl:template>

  <!-- A single place needs no table. -->
  <xsl:template name="place">
    <xsl:if test="batch"><xsl:text> · </xsl:text><xsl:call-template name="w"><xsl:with-param name="id" select="'batch'"/></xsl:call-template><xsl:text>&#160;</xsl:text><xsl:value-of select="batch"/></xsl:if>
    <xsl:text> · </xsl:text><xsl:call-template name="w"><xsl:with-param name="id" select="'group'"/></xsl:call-template><xsl:text>&#160;</xsl:text><xsl:value-of select="group"/>
    <xsl:text> · </xsl:text><xsl:call-template name="w"><xsl:with-param name="id" select="'payment'"/></xsl:call-template><xsl:text>&#160;</xsl:text><xsl:value-of select="payment"/>
  </xsl:template>

  <!-- Findings are stored in English. -->
  <xsl:template name="findings">
    <section id="findings" aria-labelledby="findings-h">
      <h2 id="findings-h">
        <xsl:choose>
          <xsl:when test="received/source = 'central'"><xsl:call-template name="w"><xsl:with-param name="id" select="'findings.odd'"/></xsl:call-template></xsl:when>
          <xsl:otherwise><xsl:call-template name="w"><xsl:with-param name="id" select="'findings'"/></xsl:call-template></xsl:otherwise>
        </xsl:choose>
      </h2>
      <table class="cards" role="table" aria-labelledby="findings-h">
        <thead role="rowgroup">
          <tr role="row">
            <xsl:call-template name="th"><xsl:with-param name="id" select="'finding'"/></xsl:call-template>
            <xsl:call-template name="th"><xsl:with-param name="id" select="'line'"/><xsl:with-param name="look" select="'n'"/></xsl:call-template>
            <xsl:call-template name="th"><xsl:with-param name="id" select="'group'"/><xsl:with-param name="look" select="'n'"/></xsl:call-template>
            <xsl:call-template name="th"><xsl:with-param name="id" select="'payment'"/><xsl:with-param name="look" select="'n'"/></xsl:call-template>
          </tr>
        </thead>
        <tbody role="rowgroup">
          <xsl:for-each select="findings/finding">
            <tr role="row">
              <th scope="row" role="rowheader" class="text"><xsl:if test="$lang != 'en'"><xsl:attribute name="lang">en</xsl:attribute></xsl:if><xsl:value-of select="text"/></th>
              <td class="n"><xsl:call-template name="label"><xsl:with-param name="id" select="'line'"/></xsl:call-template><xsl:call-template name="or-none"><xsl:with-param name="value" select="line"/></xsl:call-template></td>
              <td class="n"><xsl:call-template name="label"><xsl:with-param name="id" select="'group'"/></xsl:call-template><xsl:call-template name="or-none"><xsl:with-param name="value" select="group"/></xsl:call-template></td>
              <td class="n"><xsl:call-template name="label"><xsl:with-param name="id" select="'payment'"/></xsl:call-template><xsl:call-template name="or-none"><xsl:with-param name="value" select="payment"/></xsl:call-template></td>
            </tr>
          </xsl:for-each>
        </tbody>
      </table>
    </section>
  </xsl:template>

  <xsl:template name="or-none">
    <xsl:param name="value"/>
    <xsl:choose>
      <xsl:when test="$value != ''"><xsl:value-of select="$value"/></xsl:when>
      <xsl:otherwise><xsl:call-template name="w"><xsl:with-param name="id" select="'none'"/></xsl:call-template></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <!-- ==== dates ==== -->

  <xsl:template name="dates">
    <xsl:if test="dates/slice">
      <section id="dates" aria-labelledby="dates-h">
        <xsl:call-template name="h2"><xsl:with-param name="id" select="'dates'"/></xsl:call-template>
        <table class="cards" role="table" aria-labelledby="dates-h">
          <thead role="rowgroup">
            <tr role="row">
              <xsl:call-template name="th"><xsl:with-param name="id" select="'execution'"/></xsl:call-template>
              <xsl:call-template name="th"><xsl:with-param name="id" select="'due'"/></xsl:call-template>
              <xsl:call-template name="th"><xsl:with-param name="id" select="'payments'"/><xsl:with-param name="look" select="'n'"/></xsl:call-template>
              <xsl:call-template name="th"><xsl:with-param name="id" select="'rejected'"/><xsl:with-param name="look" select="'n'"/></xsl:call-template>
              <xsl:call-template name="th"><xsl:with-param name="id" select="'state'"/></xsl:call-template>
            </tr>
          </thead>
          <tbody role="rowgroup">
            <xsl:for-each select="dates/slice"><xsl:sort select="execution"/>
              <tr role="row">
                <th scope="row" role="rowheader"><xsl:call-template name="day"><xsl:with-param name="date" select="execution"/></xsl:call-template></th>
                <td><xsl:call-template name="label"><xsl:with-param name="id" select="'due'"/></xsl:call-template><xsl:call-template name="day"><xsl:with-param name="date" select="due"/></xsl:call-template></td>
                <td class="n"><xsl:call-template name="label"><xsl:with-param name="id" select="'payments'"/></xsl:call-template><xsl:call-template name="digits"><xsl:with-param name="n" select="payments"/></xsl:call-template></td>
                <td class="n"><xsl:call-template name="label"><xsl:with-param name="id" select="'rejected'"/></xsl:call-template><xsl:call-template name="digits"><xsl:with-param name="n" select="rejected"/></xsl:call-template></td>
                <td><xsl:call-template name="label"><xsl:with-param name="id" select="'state'"/></xsl:call-template><xsl:call-template name="state"/></td>
              </tr>
            </xsl:for-each>
          </tbody>
        </table>
        <xsl:for-each select="dates"><xsl:call-template name="more"/></xsl:for-each>
      </section>
    </xsl:if>
  </xsl:template>

  <!-- ==== files ==== -->

  <xsl:template name="hash">
    <span class="hash"><span class="small">SHA-256 </span><code><xsl:value-of select="sha256"/></code></span>
  </xsl:template>

  <xsl:template name="in-one">
    <xsl:for-each select="received">
      <h3><xsl:call-template name="w"><xsl:with-param name="id" select="'in'"/></xsl:call-template></h3>
      <table class="cards files" role="table">
        <xsl:attribute name="aria-label"><xsl:call-template name="w"><xsl:with-param name="id" select="'in'"/></xsl:call-template></xsl:attribute>
        <thead role="rowgroup">
          <tr role="row">
            <xsl:call-template name="th"><xsl:with-param name="id" select="'file'"/></xsl:call-template>
            <xsl:call-template name="th"><xsl:with-param name="id" select="'payments'"/><xsl:with-param name="look" select="'n'"/></xsl:call-template>
            <xsl:call-template name="th"><xsl:with-param name="id" select="'control'"/><xsl:with-param name="look" select="'n'"/></xsl:call-template>
            <xsl:call-template name="th"><xsl:with-param name="id" select="'state'"/></xsl:call-template>
          </tr>
        </thead>
        <tbody role="rowgroup"><xsl:call-template name="in-row"><xsl:with-param name="batch" select="../batch"/></xsl:call-template></tbody>
      </table>
    </xsl:for-each>
  </xsl:template>

  <xsl:template name="in-row">
    <xsl:param name="batch"/>
    <tr role="row">
      <th scope="row" role="rowheader">
        <span class="name">#<xsl:value-of select="delivery"/><xsl:if test="/report/kind = 'night' and ref"> · <xsl:call-template name="w"><xsl:with-param name="id" select="'batch'"/></xsl:call-template><xsl:text> </xsl:text><xsl:value-of select="batch"/> · <span class="mono"><xsl:value-of select="ref"/></span></xsl:if></span>
        <xsl:if test="code">
          <span class="why"><span class="code"><xsl:value-of select="code"/></span><xsl:text> </xsl:text><xsl:call-template name="sentence"/>
            <xsl:if test="repeats"><xsl:text>: </xsl:text><xsl:call-template name="w"><xsl:with-param name="id" select="'repeats'"/></xsl:call-template> #<xsl:value-of select="repeats"/></xsl:if></span>
        </xsl:if>
        <span class="small">
          <xsl:call-template name="w"><xsl:with-param name="id" select="'from'"/></xsl:call-template><xsl:text> </xsl:text><xsl:value-of select="from"/>
          <xsl:if test="payer != '' and payer != from"><xsl:text> · </xsl:text><xsl:call-template name="w"><xsl:with-param name="id" select="'payer'"/></xsl:call-template><xsl:text> </xsl:text><xsl:value-of select="payer"/></xsl:if>
          <xsl:text> · </xsl:text>
          <xsl:call-template name="time"><xsl:with-param name="at" select="received"/></xsl:call-template>
          <xsl:text> · </xsl:text>
          <xsl:call-template name="digits"><xsl:with-param name="n" select="bytes"/></xsl:call-template><xsl:text>&#160;</xsl:text><xsl:call-template name="w"><xsl:with-param name="id" select="'bytes'"/></xsl:call-template>
        </span>
        <xsl:call-template name="hash"/>
      </th>
      <xsl:choose>
        <xsl:when test="$batch/payments and state = 'ACCEPTED'">
          <td class="n"><xsl:call-template name="label"><xsl:with-param name="id" select="'payments'"/></xsl:call-template><xsl:call-template name="digits"><xsl:with-param name="n" select="$batch/payments"/></xsl:call-template></td>
          <td class="n"><xsl:call-template name="label"><xsl:with-param name="id" select="'control'"/></xsl:call-template><xsl:call-template name="amount"><xsl:with-param name="sum" select="$batch/sum"/></xsl:call-template></td>
        </xsl:when>
        <xsl:otherwise>
          <td class="n empty"><xsl:call-template name="label"><xsl:with-param name="id" select="'payments'"/></xsl:call-template><xsl:call-template name="w"><xsl:with-param name="id" select="'none'"/></xsl:call-template></td>
          <td class="n empty"><xsl:call-template name="label"><xsl:with-param name="id" select="'control'"/></xsl:call-template><xsl:call-template name="w"><xsl:with-param name="id" select="'none'"/></xsl:call-template></td>
        </xsl:otherwise>
      </xsl:choose>
      <td>
        <xsl:call-template name="label"><xsl:with-param name="id" select="'state'"/></xsl:call-template>
        <xsl:call-template name="state"/>
      </td>
    </tr>
  </xsl:template>

  <xsl:template name="in-night">
    <table class="cards files" role="table" aria-labelledby="in-h">
      <thead role="rowgroup">
        <tr role="row">
          <xsl:call-template name="th"><xsl:with-param name="id" select="'file'"/></xsl:call-template>
          <xsl:call-template name="th"><xsl:with-param name="id" select="'payments'"/><xsl:with-param name="look" select="'n'"/></xsl:call-template>
          <xsl:call-template name="th"><xsl:with-param name="id" select="'control'"/><xsl:with-param name="look" select="'n'"/></xsl:call-template>
          <xsl:call-template name="th"><xsl:with-param name="id" select="'state'"/></xsl:call-template>
        </tr>
      </thead>
      <tbody role="rowgroup">
        <xsl:for-each select="in/file"><xsl:call-template name="in-row"><xsl:with-param name="batch" select="."/></xsl:call-template></xsl:for-each>
      </tbody>
    </table>
    <xsl:for-each select="in"><xsl:call-template name="more"/></xsl:for-each>
  </xsl:template>

  <!-- A table of files that nks wrote; its totals are of all of them. -->
  <xsl:template name="files">
    <xsl:param name="id"/>
    <xsl:param name="banks" select="false()"/>
    <h3 id="{$id}"><xsl:call-template name="w"><xsl:with-param name="id" select="$id"/></xsl:call-template></h3>
    <table class="cards files" role="table" aria-labelledby="{$id}">
      <thead role="rowgroup">
        <tr role="row">
          <xsl:call-template name="th"><xsl:with-param name="id" select="'file'"/></xsl:call-template>
          <xsl:call-template name="th"><xsl:with-param name="id" select="'entries'"/><xsl:with-param name="look" select="'n'"/></xsl:call-template>
          <xsl:call-template name="th"><xsl:with-param name="id" select="'control'"/><xsl:with-param name="look" select="'n'"/></xsl:call-template>
          <xsl:call-template name="th"><xsl:with-param name="id" select="'state'"/></xsl:call-template>
          <xsl:if test="$banks"><xsl:call-template name="th"><xsl:with-param name="id" select="'bank'"/></xsl:call-template></xsl:if>
        </tr>
      </thead>
      <tbody role="rowgroup">
        <xsl:for-each select="file"><xsl:call-template name="file-row"><xsl:with-param name="banks" select="$banks"/></xsl:call-template></xsl:for-each>
      </tbody>
      <tfoot role="rowgroup">
        <tr role="row">
          <th scope="row" role="rowheader"><xsl:call-template name="w"><xsl:with-param name="id" select="'all'"/></xsl:call-template><xsl:text>: </xsl:text><xsl:call-template name="count"><xsl:with-param name="n" select="files"/><xsl:with-param name="of" select="'file'"/></xsl:call-template></th>
          <td class="n"><xsl:call-template name="label"><xsl:with-param name="id" select="'entries'"/></xsl:call-template><xsl:call-template name="digits"><xsl:with-param name="n" select="entries"/></xsl:call-template></td>
          <td class="n"><xsl:call-template name="label"><xsl:with-param name="id" select="'control'"/></xsl:call-template><xsl:call-template name="amount"/></td>
          <td class="wide" role="cell"></td>
          <xsl:if test="$banks"><td class="wide" role="cell"></td></xsl:if>
        </tr>
      </tfoot>
    </table>
    <xsl:call-template name="more"/>
  </xsl:template>

  <xsl:template name="file-row">
    <xsl:param name="banks"/>
    <tr role="row">
      <th scope="row" role="rowheader">
        <span class="name mono"><xsl:value-of select="name"/></span>
        <span class="small">
          <xsl:call-template name="w"><xsl:with-param name="id" select="'to'"/></xsl:call-template><xsl:text> </xsl:text><xsl:value-of select="for"/>
          <xsl:text> · </xsl:text>
          <xsl:call-template name="time"><xsl:with-param name="at" select="written"/></xsl:call-template>
          <xsl:if test="bytes"><xsl:text> · </xsl:text><xsl:call-template name="digits"><xsl:with-param name="n" select="bytes"/></xsl:call-template><xsl:text>&#160;</xsl:text><xsl:call-template name="w"><xsl:with-param name="id" select="'bytes'"/></xsl:call-template></xsl:if>
        </span>
        <xsl:if test="sha256"><xsl:call-template name="hash"/></xsl:if>
      </th>
      <td class="n"><xsl:call-template name="label"><xsl:with-param name="id" select="'entries'"/></xsl:call-template><xsl:call-template name="digits"><xsl:with-param name="n" select="entries"/></xsl:call-template></td>
      <td class="n"><xsl:call-template name="label"><xsl:with-param name="id" select="'control'"/></xsl:call-template><xsl:choose><xsl:when test="sum != ''"><xsl:call-template name="amount"/></xsl:when><xsl:otherwise><xsl:call-template name="w"><xsl:with-param name="id" select="'none'"/></xsl:call-template></xsl:otherwise></xsl:choose></td>
      <td><xsl:call-template name="label"><xsl:with-param name="id" select="'state'"/></xsl:call-template><xsl:call-template name="state"/></td>
      <xsl:if test="$banks">
        <td>
          <xsl:call-template name="label"><xsl:with-param name="id" select="'bank'"/></xsl:call-template>
          <span class="value"><xsl:call-template name="bank"/></span>
        </td>
      </xsl:if>
    </tr>
  </xsl:template>

  <xsl:template name="bank">
    <xsl:choose>
      <xsl:when test="settled or returned">
        <xsl:for-each select="settled | returned | open">
          <span class="line"><xsl:call-template name="digits"><xsl:with-param name="n" select="string(.)"/></xsl:call-template><xsl:text>&#160;</xsl:text><xsl:call-template name="w"><xsl:with-param name="id" select="concat('answer.', name())"/></xsl:call-template></span>
        </xsl:for-each>
      </xsl:when>
      <xsl:otherwise><xsl:call-template name="w"><xsl:with-param name="id" select="'answer.none'"/></xsl:call-template></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <!-- ==== answers ==== -->

  <xsl:template name="answers">
    <section id="answers" aria-labelledby="answers-h">
      <xsl:call-template name="h2"><xsl:with-param name="id" select="'answers'"/></xsl:call-template>
      <xsl:if test="not(receipts/file or reports/file)"><xsl:call-template name="p"><xsl:with-param name="id" select="'answers.none'"/></xsl:call-template></xsl:if>
      <xsl:if test="receipts/file or reports/file">
        <table class="cards files" role="table" aria-labelledby="answers-h">
          <thead role="rowgroup">
            <tr role="row">
              <xsl:call-template name="th"><xsl:with-param name="id" select="'file'"/></xsl:call-template>
              <xsl:call-template name="th"><xsl:with-param name="id" select="'answer'"/></xsl:call-template>
              <xsl:call-template name="th"><xsl:with-param name="id" select="'state'"/></xsl:call-template>
            </tr>
          </thead>
          <tbody role="rowgroup">
            <xsl:for-each select="receipts/file"><xsl:call-template name="answer-row"><xsl:with-param name="kind" select="'answer.receipt'"/></xsl:call-template></xsl:for-each>
            <xsl:for-each select="reports/file"><xsl:call-template name="answer-row"><xsl:with-param name="kind" select="'answer.status'"/></xsl:call-template></xsl:for-each>
          </tbody>
        </table>
        <xsl:for-each select="reports"><xsl:call-template name="more"/></xsl:for-each>
      </xsl:if>
      <xsl:if test="statuses/status">
        <table class="plain" role="table">
          <xsl:call-template name="caption"><xsl:with-param name="id" select="'statuses'"/></xsl:call-template>
          <thead role="rowgroup">
            <tr role="row">
              <xsl:call-template name="th"><xsl:with-param name="id" select="'status'"/></xsl:call-template>
              <xsl:call-template name="th"><xsl:with-param name="id" select="'payments'"/><xsl:with-param name="look" select="'n'"/></xsl:call-template>
              <xsl:call-template name="th"><xsl:with-param name="id" select="'control'"/><xsl:with-param name="look" select="'n'"/></xsl:call-template>
            </tr>
          </thead>
          <tbody role="rowgroup">
            <xsl:for-each select="statuses/status">
              <tr role="row">
                <th scope="row" role="rowheader"><span class="code"><xsl:value-of select="code"/></span><xsl:text> </xsl:text><xsl:call-template name="w"><xsl:with-param name="id" select="concat('status.', code)"/></xsl:call-template></th>
                <td class="n" role="cell"><xsl:call-template name="digits"><xsl:with-param name="n" select="payments"/></xsl:call-template></td>
                <td class="n" role="cell"><xsl:call-template name="amount"/></td>
              </tr>
            </xsl:for-each>
          </tbody>
        </table>
      </xsl:if>
    </section>
  </xsl:template>

  <xsl:template name="answer-row">
    <xsl:param name="kind"/>
    <tr role="row">
      <th scope="row" role="rowheader">
        <span class="name mono"><xsl:value-of select="name"/></span>
        <span class="small">
          <xsl:call-template name="w"><xsl:with-param name="id" select="'to'"/></xsl:call-template><xsl:text> </xsl:text><xsl:value-of select="for"/>
          <xsl:text> · </xsl:text>
          <xsl:call-template name="time"><xsl:with-param name="at" select="written"/></xsl:call-template>
          <xsl:if test="bytes"><xsl:text> · </xsl:text><xsl:call-template name="digits"><xsl:with-param name="n" select="bytes"/></xsl:call-template><xsl:text>&#160;</xsl:text><xsl:call-template name="w"><xsl:with-param name="id" select="'bytes'"/></xsl:call-template></xsl:if>
        </span>
        <xsl:if test="sha256"><xsl:call-template name="hash"/></xsl:if>
      </th>
      <td><xsl:call-template name="label"><xsl:with-param name="id" select="'answer'"/></xsl:call-template><xsl:call-template name="w"><xsl:with-param name="id" select="$kind"/></xsl:call-template></td>
      <td><xsl:call-template name="label"><xsl:with-param name="id" select="'state'"/></xsl:call-template><xsl:call-template name="state"/></td>
    </tr>
  </xsl:template>

  <!-- ==== the night ==== -->

  <!-- Steps are told in English. -->
  <xsl:template name="steps">
    <section id="steps" aria-labelledby="steps-h">
      <xsl:call-template name="h2"><xsl:with-param name="id" select="'steps'"/></xsl:call-template>
      <xsl:choose>
        <xsl:when test="steps/step">
          <table class="cards" role="table" aria-labelledby="steps-h">
            <thead role="rowgroup">
              <tr role="row">
                <xsl:call-template name="th"><xsl:with-param name="id" select="'step'"/></xsl:call-template>
                <xsl:call-template name="th"><xsl:with-param name="id" select="'next'"/></xsl:call-template>
              </tr>
            </thead>
            <tbody role="rowgroup">
              <xsl:for-each select="steps/step">
                <tr role="row">
                  <th scope="row" role="rowheader" class="text"><xsl:if test="$lang != 'en'"><xsl:attribute name="lang">en</xsl:attribute></xsl:if><xsl:value-of select="words"/></th>
                  <td>
                    <xsl:call-template name="label"><xsl:with-param name="id" select="'next'"/></xsl:call-template>
                    <span class="value">
                      <xsl:if test="person"><xsl:call-template name="w"><xsl:with-param name="id" select="'next.person'"/></xsl:call-template><xsl:text>: </xsl:text></xsl:if>
                      <xsl:choose>
                        <xsl:when test="command"><code><xsl:value-of select="command"/></code></xsl:when>
                        <xsl:otherwise><xsl:call-template name="w"><xsl:with-param name="id" select="'next.time'"/></xsl:call-template></xsl:otherwise>
                      </xsl:choose>
                    </span>
                  </td>
                </tr>
              </xsl:for-each>
            </tbody>
          </table>
        </xsl:when>
        <xsl:otherwise><xsl:call-template name="p"><xsl:with-param name="id" select="'steps.none'"/></xsl:call-template></xsl:otherwise>
      </xsl:choose>
      <xsl:call-template name="p"><xsl:with-param name="id" select="'steps.note'"/></xsl:call-template>
    </section>
  </xsl:template>

  <xsl:template name="cutoffs">
    <section id="cutoffs" aria-labelledby="cutoffs-h">
      <xsl:call-template name="h2"><xsl:with-param name="id" select="'cutoffs'"/></xsl:call-template>
      <xsl:choose>
        <xsl:when test="centrals/central">
          <table class="cards" role="table" aria-labelledby="cutoffs-h">
            <thead role="rowgroup">
              <tr role="row">
                <xsl:call-template name="th"><xsl:with-param name="id" select="'central'"/></xsl:call-template>
                <xsl:call-template name="th"><xsl:with-param name="id" select="'cutoff'"/></xsl:call-template>
                <xsl:call-template name="th"><xsl:with-param name="id" select="'cutoff.time'"/></xsl:call-template>
                <xsl:call-template name="th"><xsl:with-param name="id" select="'files'"/><xsl:with-param name="look" select="'n'"/></xsl:call-template>
                <xsl:call-template name="th"><xsl:with-param name="id" select="'unpublished'"/><xsl:with-param name="look" select="'n'"/></xsl:call-template>
                <xsl:call-template name="th"><xsl:with-param name="id" select="'control'"/><xsl:with-param name="look" select="'n'"/></xsl:call-template>
              </tr>
            </thead>
            <tbody role="rowgroup"><xsl:for-each select="centrals/central"><xsl:call-template name="central"/></xsl:for-each></tbody>
          </table>
        </xsl:when>
        <xsl:otherwise><xsl:call-template name="p"><xsl:with-param name="id" select="'cutoff.none'"/></xsl:call-template></xsl:otherwise>
      </xsl:choose>
    </section>
  </xsl:template>

  <xsl:template name="central">
    <tr role="row">
      <th scope="row" role="rowheader"><xsl:value-of select="name"/></th>
      <td><xsl:call-template name="label"><xsl:with-param name="id" select="'cutoff'"/></xsl:call-template><xsl:value-of select="cut-off"/></td>
      <td>
        <xsl:call-template name="label"><xsl:with-param name="id" select="'cutoff.time'"/></xsl:call-template>
        <xsl:choose>
          <xsl:when test="left">
            <strong><xsl:value-of select="number(substring-before(left, ':'))"/>&#160;<xsl:call-template name="w"><xsl:with-param name="id" select="'hours'"/></xsl:call-template><xsl:text> </xsl:text><xsl:value-of select="number(substring-after(left, ':'))"/>&#160;<xsl:call-template name="w"><xsl:with-param name="id" select="'minutes'"/></xsl:call-template></strong>
          </xsl:when>
          <xsl:when test="passed = 'yes'"><xsl:call-template name="w"><xsl:with-param name="id" select="'cutoff.passed'"/></xsl:call-template></xsl:when>
          <xsl:when test="passed = 'no'"><xsl:call-template name="w"><xsl:with-param name="id" select="'cutoff.ahead'"/></xsl:call-template></xsl:when>
          <xsl:otherwise><xsl:call-template name="w"><xsl:with-param name="id" select="'none'"/></xsl:call-template></xsl:otherwise>
        </xsl:choose>
      </td>
      <td class="n"><xsl:call-template name="label"><xsl:with-param name="id" select="'files'"/></xsl:call-template><xsl:call-template name="digits"><xsl:with-param name="n" select="files"/></xsl:call-template></td>
      <td class="n"><xsl:call-template name="label"><xsl:with-param name="id" select="'unpublished'"/></xsl:call-template><xsl:call-template name="digits"><xsl:with-param name="n" select="unpublished"/></xsl:call-template></td>
      <td class="n"><xsl:call-template name="label"><xsl:with-param name="id" select="'control'"/></xsl:call-template><xsl:call-template name="amount"/></td>
    </tr>
  </xsl:template>

  <!-- ==== the style ==== -->

  <xsl:template name="style"><xsl:text>
:root { color-scheme: light dark; --paper: #fff; --ink: #17212b; --soft: #52606d; --line: #d8dee4; --wash: #f4f6f8;
  --accent: #0b5d7d; --band: #cfe3ec; --aside: #9fc4d4; --dark: #3c4753; --grey: #e3e7eb; }
@media (prefers-color-scheme: dark) { :root { --paper: #12181e; --ink: #e9eef2; --soft: #a9b5c0; --line: #303a44; --wash: #1a222a;
  --accent: #74c3e1; --band: #1d3d4b; --aside: #2f647a; --dark: #c6d0d9; --grey: #28313a; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0 auto; padding: 2.5rem 1rem 4rem; max-width: 60rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1, h2, h3 { line-height: 1.25; text-wrap: balance; overflow-wrap: break-word; }
h1 { margin: 0 0 1rem; font-size: 2.25rem; font-weight: 650; letter-spacing: -.015em; }
h2 { margin: 0 0 1.25rem; font-size: 1.375rem; font-weight: 650; letter-spacing: -.01em; }
h3 { margin: 2.25rem 0 .5rem; font-size: 1rem; font-weight: 650; }
p { margin: 0 0 1rem; max-width: 42rem; }
a { color: var(--accent); text-underline-offset: .2em; }
a:focus-visible, main:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; border-radius: 2px; }
main:focus { outline: none; }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: 1rem; z-index: 1; padding: .75rem 1rem; background: var(--paper); }
section { margin-top: 4rem; scroll-margin-top: 1rem; }
footer { margin-top: 4rem; padding-top: 1.25rem; border-top: 1px solid var(--line); color: var(--soft); font-size: .875rem; }
footer p { margin: 0 0 .25rem; }
.test { display: inline-block; margin: 0 0 1.25rem; padding: .125rem .625rem; border: 1px solid var(--line); border-radius: 1rem;
  color: var(--soft); font-size: .8125rem; }
.lead { font-size: 1.1875rem; line-height: 1.5; }
.note, .more, .tally, .small, .unit, dt { color: var(--soft); }
.note, .tally { font-size: .9375rem; }
.more { margin: .75rem 0 0; font-style: italic; }
.small { display: block; font-size: .8125rem; font-weight: 400; line-height: 1.5; }
.mono, code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .875em; }
.code { display: inline-block; padding: 0 .375rem; border: 1px solid var(--line); border-radius: 3px; font-weight: 600; font-size: .8125rem;
  font-variant-numeric: tabular-nums; line-height: 1.5; }
.name { overflow-wrap: anywhere; }
.hash { display: block; color: var(--soft); font-weight: 400; font-size: .75rem; line-height: 1.5; }
.hash .small { display: inline; font-size: inherit; }
.hash code { font-size: inherit; overflow-wrap: anywhere; }
.line { display: block; }

.facts, .tiles { display: grid; margin: 0; gap: 1.25rem 1.5rem; grid-template-columns: repeat(4, minmax(0, 1fr)); }
.facts { grid-template-columns: repeat(3, minmax(0, 1fr)); margin: 2rem 0; padding: 1.25rem 0; border: solid var(--line); border-width: 1px 0; }
dt { font-size: .8125rem; }
dd { margin: 0; overflow-wrap: break-word; }
dd.mono { overflow-wrap: anywhere; }
.tiles { margin-bottom: 2.5rem; }
.tiles div { padding-top: .75rem; border-top: 4px solid var(--line); }
.tiles .on { border-color: var(--accent); }
.tiles .aside { border-color: var(--aside); }
.tiles .back { border-color: var(--dark); }
.tiles .later { border-top-style: dashed; border-top-color: var(--soft); border-top-width: 2px; padding-top: .875rem; }
.big { font-size: 1.375rem; font-weight: 650; font-variant-numeric: tabular-nums; letter-spacing: -.01em; overflow-wrap: anywhere; }

nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: 0; padding: 0; list-style: none; font-size: .9375rem; }
nav a { display: inline-block; padding: .25rem 0; }

figure { margin: 0 0 2.5rem; }
svg { display: block; max-width: 100%; height: auto; overflow: visible; }
svg text { fill: var(--ink); font-size: 15px; font-weight: 600; }
svg .sub { fill: var(--soft); font-size: 14px; font-weight: 400; font-variant-numeric: tabular-nums; }
svg .sum { text-anchor: end; font-weight: 400; font-variant-numeric: tabular-nums; }
.bars { display: none; }
.source { fill: var(--accent); }
.track { fill: var(--wash); }
.node { stroke-width: 1.5; }
.node.on { fill: var(--accent); stroke: var(--accent); }
.node.aside { fill: var(--aside); stroke: var(--accent); }
.node.back { fill: var(--dark); stroke: var(--dark); }
.node.later { fill: var(--paper); stroke: var(--soft); stroke-dasharray: 3 2; }
.band.on, .band.aside { fill: var(--band); }
.band.back, .band.later { fill: var(--grey); }
.swatch { display: inline-block; width: .75rem; height: .75rem; margin-right: .625rem; border: 1.5px solid var(--accent); background: var(--accent);
  print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.swatch.aside { background: var(--aside); }
.swatch.back { background: var(--dark); border-color: var(--dark); }
.swatch.later { background: var(--paper); border: 1.5px dashed var(--soft); }

table { width: 100%; border-collapse: collapse; font-size: .9375rem; line-height: 1.5; }
caption { padding-bottom: .5rem; text-align: left; font-weight: 650; font-size: 1rem; }
.plain + .plain, .note + .plain, .cards + .plain, .note + .cards { margin-top: 2.5rem; }
.plain + .note, .cards + .note { margin-top: .75rem; }
th, td { padding: .625rem 1rem .625rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; font-weight: 400; }
th:last-child, td:last-child { padding-right: 0; }
thead th { padding-top: .25rem; padding-bottom: .375rem; border-bottom: 1px solid var(--soft); color: var(--soft); font-size: .8125rem; vertical-align: bottom; }
tbody th { overflow-wrap: break-word; }
tfoot th, tfoot td { border-bottom: 0; font-weight: 650; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.n + td:not(.n), .n + th:not(.n) { padding-left: 1.5rem; }
.share { width: 6rem; color: var(--soft); }
.places { width: auto; min-width: 24rem; margin-top: .5rem; }
.places th, .places td { padding: .25rem 2rem .25rem 0; }
.places th:last-child, .places td:last-child { padding-right: 0; }
.files thead th:first-child { width: 60%; }
.why { display: block; }
.reason + .reason { margin-top: 2.25rem; }
.reason h3 { margin-top: 0; font-size: 1.0625rem; line-height: 1.5; }
.tag { display: block; color: var(--soft); font-size: .8125rem; font-weight: 400; }
.tally { margin-bottom: .25rem; font-variant-numeric: tabular-nums; }

@media (max-width: 44rem) {
  body { padding-top: 1.5rem; }
  h1 { font-size: 1.75rem; }
  .lead { font-size: 1.0625rem; }
  section { margin-top: 3rem; }
  .facts, .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .big { font-size: 1.125rem; }
  nav ul { display: block; }
  nav a { padding: .375rem 0; }
  .flow { display: none; }
  .bars { display: block; max-width: 30rem; width: 100%; }
  .plain .share, .wide { display: none; }
  .plain th, .plain td { padding-right: .75rem; }
  .plain tbody th { overflow-wrap: anywhere; }
  .money .n:nth-last-child(2), .plain .n:last-child { padding-right: 0; }
  .places { width: 100%; min-width: 0; }
  .places th:not(:last-child), .places td:not(:last-child) { padding-right: .75rem; }
  .cards, .cards caption, .cards tbody, .cards tfoot, .cards tr, .cards th, .cards td { display: block; width: auto; }
  .cards thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  .cards tr { padding: .875rem 0; border-bottom: 1px solid var(--line); }
  .cards th, .cards td, .cards .n + td:not(.n) { padding: 0; border: 0; }
  .cards tbody th { margin-bottom: .5rem; font-weight: 600; }
  .cards td { display: flex; justify-content: space-between; gap: 1rem; padding: .125rem 0; text-align: right; }
  .cards td::before { content: attr(data-label); flex: none; color: var(--soft); text-align: left; }
  .cards td.wide, .cards td.empty { display: none; }
  .cards .small, .cards .hash { margin-top: .125rem; }
}
@media print {
  :root { color-scheme: light; --paper: #fff; --ink: #000; --soft: #444; --line: #bbb; --wash: #f4f6f8;
    --accent: #0b5d7d; --band: #cfe3ec; --aside: #9fc4d4; --dark: #3c4753; --grey: #e3e7eb; }
  @page { size: A4; margin: 18mm 16mm; }
  html { font-size: 9.5pt; }
  body { max-width: none; padding: 0; }
  nav, .skip { display: none; }
  section { margin-top: 2rem; }
  h2, h3, caption, thead { break-after: avoid; }
  tr, figure, .tiles { break-inside: avoid; }
  .tiles { break-after: avoid; }
  thead { display: table-header-group; }
  tfoot { display: table-row-group; }
  svg, .tiles div { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
</xsl:text></xsl:template>
</xsl:stylesheet>
